# What flake.nix offers, as data. `lib` is that of nixpkgs; its packages are played by their names, so that nothing is
# built: what is seen here is that everything that the flake names is there.
{ lib }:

let
  inherit (lib) genAttrs;
  fake = name: {
    type = "derivation";
    inherit name;
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    meta.mainProgram = name;
  };
  # Sources as a list of paths; lib.fileset wants a newer Nix than distributions have.
  sources.fileset = {
    toSource = { fileset, ... }: fileset;
    unions = map (path: if builtins.pathExists path then baseNameOf path else throw "there is no ${toString path}");
  };
  tools = genAttrs [
    "bpftrace"
    "coreutils"
    "gnumake"
    "makeWrapper"
    "nixfmt"
    "nodejs_22"
    "python3"
    "shellcheck"
    "systemd"
    "tmux"
    "util-linux"
  ] fake;
  pkgsFor =
    system:
    let
      pkgs = tools // {
        lib = lib // sources;
        stdenv.hostPlatform = { inherit system; };
        buildNpmPackage = package: fake package.pname // package;
        importNpmLock = {
          __functor = _: lock: lock;
          npmConfigHook = fake "npm-config-hook";
        };
        mkShell = shell: shell;
        runCommand = name: env: _: fake name // env;
        testers.runNixOSTest = test: test;
        callPackage = lib.callPackageWith pkgs;
      };
    in
    pkgs;
  flake = (import ../../flake.nix).outputs {
    self = flake;
    nixpkgs = {
      inherit lib;
      legacyPackages = genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ] pkgsFor;
    };
  };
  forEach = genAttrs (lib.attrNames flake.packages);
in
{
  outputs = lib.attrNames flake;
  package = forEach (
    system: { inherit (flake.packages.${system}.default) name version src buildPhase installPhase postFixup; }
  );
  overlay = (flake.overlays.default (pkgsFor "x86_64-linux") { }).vigil.name;
  overlays = lib.length flake.nixosModules.default.nixpkgs.overlays;
  module = map builtins.pathExists flake.nixosModules.default.imports;
  shell = forEach (system: map (tool: tool.name) flake.devShells.${system}.default.packages);
  cases = forEach (system: lib.attrNames (builtins.fromJSON flake.checks.${system}.module.cases));
  machine = forEach (system: flake.checks.${system}.machine.nodes.machine.services.vigil.enable);
  formatter = forEach (system: flake.formatter.${system}.name);
}
