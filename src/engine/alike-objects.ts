type JsonObject = Readonly<Record<string, unknown>>

/**
 * A list of objects of JSON that differ in one text alone, such as the references by which a gateway asks for entities
 * of one type. It is kept as the first of them and the texts: that is all that most readers want of it, and the objects
 * are made when one wants more.
 */
export class AlikeObjects {
  readonly first: JsonObject
  /** The property in which they differ. */
  readonly name: string
  /** The value of that property in each of them, in order. */
  readonly texts: readonly string[]

  /** @param first an object of its own, which nobody changes any more. */
  constructor(first: JsonObject, name: string, texts: readonly string[]) {
    this.first = first
    this.name = name
    this.texts = texts
  }

  get length(): number {
    return this.texts.length
  }

  /** The objects themselves, made anew at each call. */
  get objects(): readonly JsonObject[] {
    const { first, name } = this
    return this.texts.map((text) => {
      const object: Record<string, unknown> = { ...first }
      object[name] = text
      return object
    })
  }
}

/** The objects of a list, however it is kept. */
export function objectsOf<Item>(list: readonly Item[] | AlikeObjects): readonly (Item | JsonObject)[] {
  return list instanceof AlikeObjects ? list.objects : list
}

/** What a field may have beside its resolver, where that takes {@link AlikeObjects} as well as a list of any values. */
export interface TakesAlike {
  /** The name of the argument. Its items are of a scalar whose values are as they were sent. */
  readonly takesAlike: string
}
