import dns from 'node:dns'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { join, relative } from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** What this process finds outside of it, in place of what is there. */
export interface Machine {
  /** Folders, by their paths, and where their files really are: `/etc/fedcache` or `/var/run`, where no test may write. */
  readonly folders?: Readonly<Record<string, string>>
  /** Servers, as `HOST:PORT`, and the ports of this machine where they really are. */
  readonly servers?: Readonly<Record<string, number>>
  /** Names, and their addresses. */
  readonly names?: Readonly<Record<string, string>>
}

/** Lets this process take its machine for another, until the test has ended: everything is real, and elsewhere. */
export function asMachine({ folders = {}, servers = {}, names = {} }: Machine): void {
  moveFolders(folders)
  moveServers(servers)
  nameAddresses(names)
  // What was imported by name follows.
  syncBuiltinESMExports()
  onTestFinished(() => {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
  })
}

function moveFolders(folders: Readonly<Record<string, string>>): void {
  const moved = <Path>(path: Path): Path | string => {
    if (typeof path !== 'string') return path
    for (const [from, to] of Object.entries(folders)) {
      const below = relative(from, path)
      if (!below.startsWith('..')) return join(to, below)
    }
    return path
  }
  const { accessSync, readFileSync } = fs
  const { readFile } = fs.promises
  vi.spyOn(fs, 'accessSync').mockImplementation((path, mode) => accessSync(moved(path), mode))
  vi.spyOn(fs, 'readFileSync').mockImplementation(((path: string, options: never) =>
    readFileSync(moved(path), options)) as never)
  vi.spyOn(fs.promises, 'readFile').mockImplementation(((path: string, options: never) =>
    readFile(moved(path), options)) as never)
}

interface Target {
  readonly host?: string
  readonly port?: number | string
}

function moveServers(servers: Readonly<Record<string, number>>): void {
  const { connect } = net.Socket.prototype
  const moved = <Given>(target: Given): Given => {
    const { host, port } = target as Target
    const there = servers[`${host}:${port}`]
    return there === undefined ? target : { ...target, host: '127.0.0.1', port: there }
  }
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...given: never[]) {
    const [first, second] = given as unknown[]
    let [target, ...rest] = given as unknown[]
    if (typeof first === 'number') [target, rest] = [{ port: first, host: second }, given.slice(2)]
    // Node's own functions hand on what they have read already, as a list.
    if (Array.isArray(first)) target = Object.assign([...(first as unknown[])], first, { 0: moved(first[0]) })
    else target = moved(target)
    return connect.apply(this, [target, ...rest] as never)
  } as never)
}

function nameAddresses(names: Readonly<Record<string, string>>): void {
  const { lookup } = dns.promises
  vi.spyOn(dns.promises, 'lookup').mockImplementation((async (name: string, options: never) => {
    const address = names[name]
    return address === undefined ? lookup(name, options) : [{ address, family: 4 }]
  }) as never)
  const { resolveSrv } = dns.promises.Resolver.prototype
  vi.spyOn(dns.promises.Resolver.prototype, 'resolveSrv').mockImplementation(async function (
    this: dns.promises.Resolver,
    name: string,
  ) {
    // Those that have an address have no such records.
    if (Object.keys(names).some((known) => name.endsWith(known)))
      throw Object.assign(new Error('none'), { code: 'ENODATA' })
    return resolveSrv.call(this, name)
  })
}
