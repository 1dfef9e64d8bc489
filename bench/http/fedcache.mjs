import { filledFedcache } from './engine.mjs'

const { url } = await filledFedcache()
process.send?.({ url })
