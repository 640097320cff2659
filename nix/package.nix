# vigil as a Nix package: the same installation as `make install`, in the store.
{
  lib,
  buildNpmPackage,
  importNpmLock,
  makeWrapper,
  nodejs_22,
  python3,
  coreutils,
  systemd,
  util-linux,
}:

buildNpmPackage {
  pname = "vigil";
  version = (lib.importJSON ../package.json).version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../package.json
      ../package-lock.json
      ../tsconfig.json
      ../tsconfig.build.json
      ../bin
      ../bpf
      ../contrib
      ../docs
      ../man
      ../scripts
      ../share
      ../src
      ../README.md
      ../CHANGELOG.md
      ../LICENSE
    ];
  };

  nodejs = nodejs_22;
  # From the lockfile's own addresses and checksums: no second hash to keep.
  npmDeps = importNpmLock { npmRoot = ../.; };
  npmConfigHook = importNpmLock.npmConfigHook;

  nativeBuildInputs = [
    makeWrapper
    python3
  ];
  # better-sqlite3 compiles its SQLite; there is nothing to download in the sandbox.
  env.npm_config_build_from_source = "true";

  buildPhase = ''
    runHook preBuild
    node_modules/.bin/tsc -p tsconfig.build.json --outDir dist
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    PREFIX=$out NODE=${lib.getExe nodejs_22} sh scripts/install.sh install
    runHook postInstall
  '';

  postFixup = ''
    wrapProgram $out/bin/vigil --prefix PATH : ${
      lib.makeBinPath [
        coreutils
        systemd
        util-linux
      ]
    }
  '';

  meta = {
    description = "Guardian for machines with AI coding agents";
    license = lib.licenses.mit;
    mainProgram = "vigil";
    platforms = [
      "x86_64-linux"
      "aarch64-linux"
    ];
  };
}
