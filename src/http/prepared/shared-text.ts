/**
 * The one string of this text that V8 keeps for names of properties, for as long as anybody has it. Operations that say
 * the same then look at the same place in memory, which stays near the processor.
 */
export function sharedText(text: string): string {
  const [name] = Object.keys({ [text]: undefined })
  return name!
}
