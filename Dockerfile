# snowgate as a container. docs/OPERATIONS.md says how to run it; `npm run image:test` builds and tries it.
#
# The base is pinned by its tag. To pin its content too, append the digest that your registry gives for the tag:
#   docker buildx imagetools inspect node:20.20.2-bookworm-slim
#   docker build --build-arg BASE=node:20.20.2-bookworm-slim@sha256:... .
ARG BASE=node:20.20.2-bookworm-slim

FROM ${BASE} AS build
WORKDIR /opt/snowgate
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY tools tools
# What the second stage copies: neither the compiler nor what is for compilers only, which is half of AWS's packages.
RUN npm run build && chmod 755 dist/main.js && npm prune --omit=dev --no-audit --no-fund \
    && find node_modules -type d -name dist-types -prune -exec rm -rf {} + \
    && find node_modules -type f \( -name '*.d.ts' -o -name '*.map' \) -delete

FROM ${BASE}
# git and ssh do the fetching and pushing. tini is process 1: it passes SIGTERM on, and collects what a killed git leaves
# behind, which node would keep as a zombie for ever. Nothing in here installs packages at run time: npm goes.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
       /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
       /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* /usr/local/include \
    && mkdir -p /etc/snowgate /var/lib/snowgate \
    && chown 1000:1000 /var/lib/snowgate && chmod 700 /var/lib/snowgate \
    && ln -s /opt/snowgate/dist/main.js /usr/local/bin/snowgate
WORKDIR /opt/snowgate
COPY --from=build /opt/snowgate/node_modules node_modules
COPY --from=build /opt/snowgate/dist dist
COPY package.json LICENSE ./
COPY schemas schemas
COPY policies policies
COPY examples examples

ENV NODE_ENV=production
# Where every command looks for snowgate.yaml by itself.
WORKDIR /etc/snowgate
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
# The one place that is written to: a cache. As a volume, it stays writable under a read-only root file system.
VOLUME /var/lib/snowgate
STOPSIGNAL SIGTERM
# The controller holds a socket in its state directory, and says so to whoever calls. An answer proves that it is there
# and that its event loop turns; whether it is halted is for its log to say, and no reason to restart it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "-e", "process.exitCode = 1; const d = '/var/lib/snowgate/'; for (const f of require('node:fs').readdirSync(d)) if (f.startsWith('lock.')) require('node:net').connect(d + f).on('data', (said) => { if (String(said) === 'h') process.exit(0) }).on('error', () => {})"]
ENTRYPOINT ["tini", "--", "node", "/opt/snowgate/dist/main.js"]
CMD ["run", "--config", "/etc/snowgate/snowgate.yaml"]
