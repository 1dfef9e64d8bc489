/**
 * The media ranges of an `Accept` header in small letters, in its order, without those that want another charset than
 * UTF-8: as Yoga reads it, which gives weights no meaning. A header that is absent or empty accepts everything.
 */
export function acceptedRanges(accept: string | null | undefined): readonly string[] {
  if (accept === null || accept === undefined || accept === '') return ['*/*']
  return accept
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .split(',')
    .flatMap((range) => {
      const [type = '', ...parameters] = range.split(';')
      const charset = parameters.find((parameter) => parameter.includes('charset='))
      return charset === undefined || charset === 'charset=utf-8' ? [type] : []
    })
}
