/** Names of fields from the outside in: `variation.id` is `['variation', 'id']`. */
export type FieldPath = readonly string[]

/** Text with fields in braces, such as `{tenant}/{sku}`. */
export interface KeyTemplate {
  /** The texts around the fields: one more than there are fields. */
  readonly literals: readonly string[]
  readonly paths: readonly FieldPath[]
  /** What texts made of it look like. */
  readonly pattern: RegExp
}

const pathPattern = /^[_A-Za-z]\w*(\.[_A-Za-z]\w*)*$/

/** `variation.id` as a path; `undefined` for what is none. */
export function fieldPath(text: string): FieldPath | undefined {
  return pathPattern.test(text) ? text.split('.') : undefined
}

/** Reads a template; `undefined` for one whose braces do not hold fields. */
export function keyTemplate(text: string): KeyTemplate | undefined {
  const pieces = text.split(/\{([^{}]*)\}/)
  const literals = pieces.filter((_piece, index) => index % 2 === 0)
  const paths = pieces.filter((_piece, index) => index % 2 === 1).map(fieldPath)
  if (literals.some((literal) => /[{}]/.test(literal)) || !paths.every((path) => path !== undefined)) return undefined
  const escaped = literals.map((literal) => literal.replaceAll(/[\\^$.*+?()[\]|/-]/g, String.raw`\$&`))
  return { literals, paths, pattern: new RegExp(`^${escaped.join(`([\\w%.!~*'()-]*)`)}$`) }
}

/**
 * Whether every key says which values made it. Encoded values have letters, digits, `%` and `-_.!~*'()`, so what
 * stands between two of them needs a character that is none of these.
 */
export function isUnambiguous({ literals }: KeyTemplate): boolean {
  return literals.slice(1, -1).every((literal) => /[^\w%.!~*'()-]/.test(literal))
}

/** The text with these values in place of the fields, percent-encoded. Values are well-formed Unicode. */
export function rendered({ literals }: KeyTemplate, values: readonly string[]): string {
  return literals.map((literal, index) => literal + encodeURIComponent(values[index] ?? '')).join('')
}

/** The values that a text was {@link rendered} from; `undefined` for a text that was not. */
export function renderedFrom({ pattern }: KeyTemplate, text: string): readonly string[] | undefined {
  try {
    return pattern.exec(text)?.slice(1).map(decodeURIComponent)
  } catch {
    // A percent sign that begins no encoded character.
    return undefined
  }
}
