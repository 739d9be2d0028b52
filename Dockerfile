# Forkline as an image: docker build --tag forkline .
# Debian and not Alpine: lmdb's native prebuild is linked against glibc (2.34 or newer), and for Node 22
# there is one for exactly that release.

FROM node:22-bookworm-slim AS build
WORKDIR /app
# .npmrc turns install scripts off, so neither a compiler nor Python is needed.
COPY .npmrc package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:22-bookworm-slim
# Forkline refuses to start on 0.0.0.0 unless it knows who calls: give the container AUTH_JWT_SECRET,
# AUTH_JWKS_URL or AUTH_API_KEYS_FILE (docker-compose.yml insists on the first).
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=4400 \
    DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
# The owner must be set before VOLUME: a new volume takes over the folder as it is here.
RUN install --directory --owner=node --group=node /data
VOLUME /data
USER node
EXPOSE 4400
# Liveness only. Whether the stores can be reached is /readyz; a restart would not mend that.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# node itself, in exec form: a shell or npm in between would keep the stop signal to itself. The option is
# that of `npm start`: see docs/operations.md, "What a request costs".
CMD ["node", "--max-semi-space-size=64", "dist/src/cli/forkline.js", "serve"]
