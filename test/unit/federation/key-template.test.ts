import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type KeyTemplate,
  isUnambiguous,
  keyTemplate,
  rendered,
  renderedFrom,
} from '../../../src/federation/key-template.ts'

function template(text: string): KeyTemplate {
  const read = keyTemplate(text)
  if (read === undefined) throw new Error(`${text} is no template`)
  return read
}

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text.isWellFormed())

it.each(['{a}/{b}', 'x:{a}|{b}', '({a}),({b}).', '[{a}]$[{b}]^', '{a}-/-{b}'])(
  'keys of %s say what they were made of',
  (text) => {
    expect(isUnambiguous(template(text))).toBe(true)
    fc.assert(
      fc.property(wellFormed, wellFormed, (a, b) => {
        expect(renderedFrom(template(text), rendered(template(text), [a, b]))).toEqual([a, b])
      }),
    )
  },
)

it.each(['{a}{b}', '{a}-{b}', '{a}.{b}', '{a}%2F{b}', '{a}x{b}'])('two entities could share a key of %s', (text) => {
  expect(isUnambiguous(template(text))).toBe(false)
})

it.each(['{', '}', '{a', '{}', '{a b}', '{a.}', '{1}', '{{a}}'])('%s is no template', (text) => {
  expect(keyTemplate(text)).toBeUndefined()
})

it('a text that was not made of a template says nothing', () => {
  expect(renderedFrom(template('{a}/{b}'), 'a')).toBeUndefined()
  expect(renderedFrom(template('{a}/{b}'), '%/b')).toBeUndefined()
})
