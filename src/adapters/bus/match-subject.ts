/**
 * Whether a subscription hears a subject, by NATS's rules: `*` stands for one token, `>` at the end for one or more.
 * Both are token by token, and assumed to be well-formed.
 */
export function matchSubject(pattern: readonly string[], subject: readonly string[]): boolean {
  for (const [index, token] of pattern.entries()) {
    if (token === '>') return index < subject.length
    if (index >= subject.length || (token !== '*' && token !== subject[index])) return false
  }
  return pattern.length === subject.length
}
