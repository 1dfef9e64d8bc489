/**
 * Keeps what was made of the documents used last, for as many as `maxDocuments`. Documents of more than
 * `maxDocumentLength` characters are not kept: whoever writes values into them never sends the same one again.
 */
export function documentCache<Value>(
  maxDocuments = 1000,
  maxDocumentLength = 20_000,
): { get(document: string): Value | undefined; set(document: string, value: Value): unknown } {
  const values = new Map<string, Value>()
  return {
    get: (document) => {
      const value = values.get(document)
      if (value === undefined) return undefined
      // A Map keeps the order of insertion, so the one used last moves to the end.
      values.delete(document)
      values.set(document, value)
      return value
    },
    set: (document, value) => {
      if (document.length > maxDocumentLength) return
      values.set(document, value)
      if (values.size <= maxDocuments) return
      for (const oldest of values.keys()) {
        values.delete(oldest)
        break
      }
    },
  }
}
