# One image for every command: edge, api, prepare, influx, simulate …
# Its Node is the one that package.json pins; a test compares the two.
FROM node:26.10.0-bookworm-slim AS base
WORKDIR /opt/warmcity

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# The web console is built with tools that the services do not need.
FROM base AS console
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY domain domain
COPY console console
RUN node console/prepare.mjs

FROM base AS service
ENV NODE_ENV=production WARMCITY_DATA=/data WARMCITY_HOST=0.0.0.0 WARMCITY_EDGE_HTTP_HOST=0.0.0.0
COPY --from=dependencies /opt/warmcity/node_modules node_modules
COPY --from=console /opt/warmcity/console/dist console/dist
COPY LICENSE package.json launcher.mjs warmcity.ts ./
COPY domain domain
COPY store store
COPY broker broker
COPY ingest ingest
COPY api api
COPY simulators simulators
COPY commands commands
# A new volume takes over the owner of the folder that it is mounted on.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 1883 8083 8883 8084 8080 9464
ENTRYPOINT ["node", "/opt/warmcity/launcher.mjs"]
CMD ["start", "--no-simulator"]
