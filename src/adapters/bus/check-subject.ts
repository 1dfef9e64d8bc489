const publishPattern = /^[^\s\0.*>]+(\.[^\s\0.*>]+)*$/
const subscribePattern = /^([^\s\0.*>]+|\*)(\.([^\s\0.*>]+|\*))*(\.>)?$/

/**
 * Refuses what cannot be published on. nats.js sends subjects as they are, so that a line break in one would begin
 * another command.
 *
 * @throws RangeError
 */
export function checkSubject(subject: string): void {
  if (!publishPattern.test(subject)) throw malformed(subject)
}

/**
 * Refuses what cannot be subscribed to; see {@link checkSubject}.
 *
 * @throws RangeError
 */
export function checkSubscription(subject: string): void {
  if (subject !== '>' && !subscribePattern.test(subject)) throw malformed(subject)
}

function malformed(subject: string): RangeError {
  return new RangeError(`Not a subject: ${JSON.stringify(subject)}.`)
}
