# docker build --tag fedcache .
# docker run --read-only --publish 4000:4000 --volume "$PWD/fedcache.config.ts:/etc/fedcache/fedcache.config.ts:ro" fedcache

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
# The optional packages that a configuration may import: drop those that yours does not.
RUN node scripts/build.ts \
  && npm prune --omit=dev --ignore-scripts \
  && npm install --no-save --omit=dev --ignore-scripts pg@8.23.1 @kubernetes/client-node@2.0.1

FROM node:24-slim
ENV NODE_ENV=production \
  FEDCACHE_CONFIG=/etc/fedcache/fedcache.config.ts \
  FEDCACHE_HOST=0.0.0.0
WORKDIR /app
COPY --from=build --chown=root:root /build/package.json ./
COPY --from=build --chown=root:root /build/schema ./schema
COPY --from=build --chown=root:root /build/node_modules ./node_modules
COPY --from=build --chown=root:root /build/dist ./dist
# Nothing that runs may change what runs, and nothing is written: the root file system can be read-only.
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.FEDCACHE_PORT || 4000) + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# SIGTERM makes it hand over and leave; give it 60 s.
ENTRYPOINT ["node", "dist/src/cli.js", "serve"]
