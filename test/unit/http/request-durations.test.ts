import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { RequestDurations } from '../../../src/http/request-durations.ts'

test('durations are printed as a histogram, for each method, path and status', async () => {
  const registry = new Registry()
  const durations = new RequestDurations()
  durations.register(registry)
  durations.observe('POST', '/graphql', 200, 0.001)
  durations.observe('POST', '/graphql', 200, 0.02)
  durations.observe('POST', '/graphql', 200, 11)
  for (let index = 0; index < 3; index++) durations.observe(`GET${index}`, `/${index}`, 404, 0.2)
  durations.observe('GET', '/metrics/', 404, 0.2)
  const printed = await registry.metrics()
  const of = (name: string, labels: string) =>
    printed.split('\n').find((line) => line.startsWith(`fedcache_http_request_duration_seconds${name}{${labels}`))
  const posts = 'method="POST",path="/graphql",status="200"'
  expect(printed).toContain('# TYPE fedcache_http_request_duration_seconds histogram')
  expect(of('_bucket', `le="0.001",${posts}`)).toMatch(/ 1$/)
  expect(of('_bucket', `le="0.01",${posts}`)).toMatch(/ 1$/)
  expect(of('_bucket', `le="0.025",${posts}`)).toMatch(/ 2$/)
  expect(of('_bucket', `le="10",${posts}`)).toMatch(/ 2$/)
  expect(of('_bucket', `le="+Inf",${posts}`)).toMatch(/ 3$/)
  expect(of('_count', posts)).toMatch(/ 3$/)
  expect(of('_sum', posts)).toMatch(/ 11\.021$/)
  expect(of('_count', 'method="other",path="other",status="404"')).toMatch(/ 3$/)
  expect(of('_count', 'method="GET",path="other",status="404"')).toMatch(/ 1$/)
  expect(printed.match(/_count/g)).toHaveLength(3)
})
