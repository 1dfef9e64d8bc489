import { keepRequestsYoung } from '../../src/cli/young-requests.ts'
import { filledFedcache } from './engine.mjs'

// As `fedcache serve` does.
keepRequestsYoung()

const { url } = await filledFedcache()
process.send?.({ url })
