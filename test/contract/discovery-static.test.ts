import { describe, expect, test } from 'vitest'
import { staticDiscovery } from '../../src/index.ts'
import { discoveryContract } from '../../src/testing.ts'

describe('staticDiscovery', () => {
  const servers = ['nats://one:4222', 'tls://[2001:db8::1]:4223']
  for (const { name, run } of discoveryContract(() => ({ discovery: staticDiscovery(servers), servers }))) {
    test(name, run)
  }

  test('fills in what is left out, and names each server once', async () => {
    const discovery = staticDiscovery([
      'one',
      'nats://one:4222',
      'tls://two',
      '10.0.0.1:5000',
      'nats://me:secret@three',
    ])
    expect(await discovery.resolve()).toStrictEqual([
      'nats://10.0.0.1:5000',
      'nats://me:secret@three:4222',
      'nats://one:4222',
      'tls://two:4222',
    ])
  })

  test.each([[[]], [['']], [['http://one:4222']], [['nats://one:4222/path']], [['nats://one:x']], [[7]], ['one']])(
    'refuses %j',
    (list) => {
      expect(() => staticDiscovery(list as string[])).toThrow(/staticDiscovery\.servers/)
    },
  )

  test('shows no password of what it refuses', () => {
    expect(() => staticDiscovery(['nats://me:hunter2@'])).toThrow(/^(?!.*hunter2)/s)
  })
})
