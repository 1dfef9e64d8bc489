import { describe, expect, test } from 'vitest'
import { isSubjectToken, parseSubject, subjects } from '../../../src/cluster/subjects.ts'

describe('subjects', () => {
  const self = subjects('shop', 'peer-1')

  test('are those of the protocol', () => {
    expect(self.prefix).toBe('fedcache.v1.shop.')
    expect(self.inboxPrefix).toBe('fedcache.v1.shop.inbox.peer-1')
    expect(self.request('rpc', 'peer_2')).toBe('fedcache.v1.shop.node.peer_2.rpc.peer-1')
    expect(self.request('ctl', 'peer_2')).toBe('fedcache.v1.shop.node.peer_2.ctl.peer-1')
    expect(self.requests('rpc')).toBe('fedcache.v1.shop.node.peer-1.rpc.*')
    expect(self.broadcast('inv')).toBe('fedcache.v1.shop.bcast.inv.peer-1')
    expect(self.broadcasts('member')).toBe('fedcache.v1.shop.bcast.member.*')
  })

  test('are read back as they were built', () => {
    expect(parseSubject(self.prefix, self.request('ctl', 'b'))).toEqual({
      kind: 'request',
      channel: 'ctl',
      owner: 'b',
      caller: 'peer-1',
    })
    for (const topic of ['member', 'inv', 'keyspace'] as const) {
      expect(parseSubject(self.prefix, self.broadcast(topic))).toEqual({ kind: 'broadcast', topic, sender: 'peer-1' })
    }
  })

  test.each(['', 'a.b', 'a b', '*', '>', 'a\r\nPUB x 0', 'ä', 'x'.repeat(65)])('refuse %j as a name', (name) => {
    expect(isSubjectToken(name)).toBe(false)
    expect(() => subjects(name, 'a')).toThrow('cluster name')
    expect(() => subjects('a', name)).toThrow('peer id')
    expect(() => self.request('rpc', name)).toThrow(JSON.stringify(name))
  })

  test.each([
    'fedcache.v2.shop.bcast.inv.a',
    'fedcache.v1.shop2.bcast.inv.a',
    'fedcache.v1.shop.bcast.inv',
    'fedcache.v1.shop.bcast.inv.a.b',
    'fedcache.v1.shop.bcast.other.a',
    'fedcache.v1.shop.bcast.inv.*',
    'fedcache.v1.shop.node.a.rpc',
    'fedcache.v1.shop.node.a.other.b',
    'fedcache.v1.shop.node..rpc.b',
    'fedcache.v1.shop.inbox.a.b',
  ])('does not take %s for one of its own', (subject) => {
    expect(parseSubject(self.prefix, subject)).toBeUndefined()
  })
})
