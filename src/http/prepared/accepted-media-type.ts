import { acceptedRanges } from '../accepted-ranges.ts'

/** The media types in which an answer that is no stream is given. */
export type AnswerMediaType = 'application/json' | 'application/graphql-response+json'

const remembered = new Map<string, AnswerMediaType | undefined>()
const maxRemembered = 100

/**
 * The media type of the answer to a request with this `Accept` header: the first that is acceptable, as Yoga chooses.
 * `undefined` where there is none, or where the answer is perhaps to be a stream.
 */
export function acceptedMediaType(accept: string | undefined): AnswerMediaType | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return 'application/json'
  if (remembered.has(accept)) return remembered.get(accept)
  const mediaType = chosen(accept)
  if (remembered.size < maxRemembered && accept.length < 500) remembered.set(accept, mediaType)
  return mediaType
}

function chosen(accept: string): AnswerMediaType | undefined {
  for (const type of acceptedRanges(accept)) {
    if (type === 'application/json' || type === 'application/*' || type === '*/*') return 'application/json'
    if (type === 'application/graphql-response+json') return type
  }
  return undefined
}
