/** How many entries a JavaScript `Map` can hold in V8; one more and it throws a `RangeError`. */
export const mapCapacity: number = 2 ** 24 - 1
