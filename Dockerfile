# The observatory with its engine, as a user without rights on an image that nothing
# writes to: mount a volume on /var/lib/observatory.
FROM node:22-bookworm-slim AS engine
WORKDIR /engine
COPY internal/engine/npm/package.json internal/engine/npm/package-lock.json ./
RUN npm ci --no-audit --no-fund

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/observatory ./cmd/observatory \
 && install -d -o 65532 -g 65532 /out/data

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/observatory /usr/local/bin/observatory
COPY --from=engine /engine/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so /usr/local/bin/libchdb.so
COPY --from=build --chown=65532:65532 /out/data /var/lib/observatory
USER 65532:65532
ENV OBSERVATORY_DATA=/var/lib/observatory
WORKDIR /var/lib/observatory
ENTRYPOINT ["/usr/local/bin/observatory"]
CMD ["up"]
