/** What one operation takes up. */
export interface OperationPlace {
  /** Gives it back. Doing so twice gives back one. */
  leave(): void
}

/** A bounded number of things that may be under way at once. What finds no place is refused, and does not wait. */
export class OperationPlaces {
  readonly max: number
  #taken = 0
  #refused = 0

  constructor(max: number) {
    this.max = max
  }

  /** How many are under way. */
  get taken(): number {
    return this.#taken
  }

  /** How many were refused. */
  get refused(): number {
    return this.#refused
  }

  /** A place, until it is given back; `undefined` where all are taken. */
  take(): OperationPlace | undefined {
    if (this.#taken >= this.max) {
      this.#refused++
      return undefined
    }
    this.#taken++
    return new Place(this.#giveBack)
  }

  readonly #giveBack = (): void => {
    this.#taken--
  }
}

class Place implements OperationPlace {
  #giveBack: (() => void) | undefined

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack
  }

  leave(): void {
    this.#giveBack?.()
    this.#giveBack = undefined
  }
}
