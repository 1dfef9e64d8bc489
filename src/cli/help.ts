import type { CommandName } from './command-line.ts'

const overview = `fedcache: a distributed read-through cache whose API is GraphQL

Usage: fedcache COMMAND [FLAGS]

  serve    serve a cache
  check    check a configuration and say what it would serve
  schema   print the SDL that a gateway composes

  fedcache COMMAND --help    about a command
  fedcache --version

Try it without a configuration:

  fedcache serve --http 'products=https://dummyjson.com/products/{key}'

and open http://127.0.0.1:4000/graphql in a browser.
`

const commonFlags = `  --config FILE       a TypeScript or JavaScript file whose default export is
                      defineConfig({ … }). Default: fedcache.config.ts, .mts,
                      .js or .mjs in the working directory, if there is one
                      [FEDCACHE_CONFIG]
  --http NAME=URL     a keyspace NAME whose values come from an HTTP API; {key}
                      in the URL stands for the key. May be given repeatedly
  --port N            TCP port, 0 for any free one. Default: 4000
                      [FEDCACHE_PORT]
  --host H            address to listen on. Default: 127.0.0.1 [FEDCACHE_HOST]
  --auth none         says that everyone who can reach the host may use the
                      cache, which any host but this machine's own needs
                      [FEDCACHE_AUTH]
  --nats URL[,URL]    NATS servers of the cluster [FEDCACHE_NATS_URL]
  --cluster NAME      name of the cluster. Default: fedcache [FEDCACHE_CLUSTER]
  --peer-id ID        name of this process in the cluster, the same at every
                      start. Default: host name and port [FEDCACHE_PEER_ID]
  --workers N         processes behind the one port, each a peer of the cluster,
                      which more than one need. Default: 1 [FEDCACHE_WORKERS]
  --log-level LEVEL   debug, info, warn, error or silent. Default: info
                      [FEDCACHE_LOG_LEVEL]

Flags go before environment variables [NAME], those before the configuration.
`

const commands: Readonly<Record<CommandName, string>> = {
  serve: `fedcache serve: serve a cache

Usage: fedcache serve [FLAGS]

${commonFlags}
Logs are JSON lines on standard output; "msg":"listening" tells the url. The
process restarts itself once, under the same id, where the heap is too small for
the configuration's memoryLimit.

SIGTERM and SIGINT: /ready answers 503, what was begun is finished, exit code 0.
A second one, or 10 seconds, and it exits with 1. What cannot start exits with
1, a command line that cannot be understood with 2.

With --workers N it listens once all N do, starts those anew that end, and ends
when all have ended.
`,
  check: `fedcache check: check a configuration and say what it would serve

Usage: fedcache check [FLAGS]

${commonFlags}
Nothing is opened and nothing listens. Exits with 1 when something is wrong, and
says everything that is.
`,
  schema: `fedcache schema: print the SDL that a gateway composes

Usage: fedcache schema [--profile PROFILE] [--expose PARTS] [--override NAME]
                       [FLAGS]

  --profile PROFILE   who composes: apollo (for Apollo Router) or cosmo, for a
                      newer version of federation with @cacheTag, or hive.
                      Default: what composes everywhere
  --expose PARTS      types, entries and admin, with commas between them: what
                      the supergraph gets. Default: what the configuration says,
                      else types, and entries while there are no typed keyspaces
  --override NAME     takes the fields of types whose values come from another
                      subgraph over from the subgraph NAME: @override(from:)

${commonFlags}`,
}

/** The help text about a command, or about fedcache. */
export function help(about: CommandName | undefined): string {
  return about === undefined ? overview : commands[about]
}
