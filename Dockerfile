# One static binary and nothing else.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=auto -trimpath -ldflags='-s -w' -o /salon ./cmd/salon && mkdir /data

FROM scratch
COPY --from=build /salon /salon
COPY --from=build --chown=65534:65534 /data /data
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65534
ENV SALON_ADDRESS=0.0.0.0 SALON_DATA=/data
VOLUME /data
EXPOSE 8888
ENTRYPOINT ["/salon"]
