# neokeys alone in its image: one static program, no shell, no packages, no root.
#
#   docker build -t neokeys .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -p 127.0.0.1:8080:8080 -v neokeys:/data neokeys
#
# docs/deployment.md says more.

FROM rust:1.95.0-bookworm AS build
# The image's own toolchain, whatever rust-toolchain.toml adds to it for developers.
ENV RUSTUP_TOOLCHAIN=1.95.0
# What etcd-client is generated with. Debian has one version of it at a time: a pinned one would be
# gone with its next correction.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends protobuf-compiler libprotobuf-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# What `neokeys --version` says, since git is not here.
ARG COMMIT_OF_NEOKEYS
# Debian's C library is linked in. Naming the target keeps that from build scripts and macros.
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && RUSTFLAGS="-C target-feature=+crt-static" cargo build --profile dist --locked \
      --features etcd,object-storage,ext-authz --target "$target" \
 && install -D "target/$target/dist/neokeys" /image/neokeys \
 && install -D /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
 && install -d /folders/data

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /folders/data /data
USER 65532:65532
ENV NEOKEYS_LISTEN=0.0.0.0:8080 \
    NEOKEYS_STORE=file:/data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/neokeys"]
CMD ["serve"]
