// `npm run cluster`: a NATS server and three peers with the atlas on this machine, until Ctrl-C.
import { fileURLToPath } from 'node:url'
import { ClusterPeer } from '../test/support/cluster-peer.ts'
import { natsServer } from '../test/support/nats-server.ts'

const config = fileURLToPath(new URL('../examples/atlas/fedcache.config.ts', import.meta.url))
const firstPort = Number(process.env['PORT'] ?? 4101)

const nats = await natsServer({ jetstream: true })
console.log(`NATS      ${nats.url}`)
const peers: ClusterPeer[] = []
for (const [index, id] of ['one', 'two', 'three'].entries()) {
  // One after the other: the first builds the atlas where it is not there yet.
  const peer = new ClusterPeer({
    id,
    nats: nats.url,
    cluster: 'atlas',
    config,
    port: firstPort + index,
    detached: true,
  })
  peers.push(peer)
  await peer.listening()
  console.log(`${id.padEnd(9)} http://127.0.0.1:${peer.port}/graphql`)
}
console.log(`
Ask any of them, also for what another owns:
  curl -s http://127.0.0.1:${firstPort}/graphql -H 'content-type: application/json' \\
    -d '{"query":"{ entry(keyspace: \\"countries\\", key: \\"NL\\") { value servedFrom owner { id } } cluster { settled peers { id state slots } } }"}'
Take one away with "kill -9 ${peers[2]!.pid}" or stop it with "kill -STOP ${peers[2]!.pid}" and ask again. Ctrl-C ends all.`)

let isEnding = false
async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  for (const peer of peers) if (peer.running) peer.resume()
  await Promise.all(peers.filter(({ running }) => running).map((peer) => peer.stop()))
  await nats.dispose()
  process.exit(0)
}

process.on('SIGINT', () => void end())
process.on('SIGTERM', () => void end())
for (const peer of peers) {
  void peer.ended.then(({ code, signal }) => {
    if (!isEnding) console.log(`${peer.id} has ended (${code ?? signal})`)
  })
}
