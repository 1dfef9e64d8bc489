/** GraphQL Yoga with its cache of whole responses: each operation with each set of variables is a response of its own. */
import { useResponseCache } from '@graphql-yoga/plugin-response-cache'
import { startYoga } from './yoga.mjs'

startYoga([useResponseCache({ session: () => null, ttl: 3_600_000 })])
