# nix/package.nix, really built by Nix, with this machine's own tools in the place of nixpkgs': what is seen here is that
# its sources and phases make an installation that works. `modules`: a node_modules for this Node.js.
{
  lib,
  node,
  modules,
}:

let
  inherit (lib) any hasPrefix;
  system = builtins.currentSystem;
  build =
    name: script:
    derivation {
      inherit name system;
      builder = "/bin/bash";
      args = [
        "-euc"
        "export PATH=${dirOf node}:/usr/local/bin:/usr/bin:/bin HOME=$PWD\n${script}\nexit 0 # not by a last program: Nix kills one that closes its output before it ends"
      ];
    };
  nodejs = build "nodejs" "mkdir -p $out/bin; ln -s ${node} $out/bin/node" // {
    meta.mainProgram = "node";
  };
  # As lib.fileset, which wants a newer Nix than distributions have.
  fileset = {
    unions = map toString;
    toSource =
      { root, fileset }:
      builtins.path {
        name = "source";
        path = root;
        filter =
          path: _: any (of: path == of || hasPrefix "${of}/" path || hasPrefix "${path}/" of) fileset;
      };
  };
  buildNpmPackage =
    package:
    build "${package.pname}-${package.version}" ''
      runHook() { :; }
      wrapProgram() { # program --prefix PATH : folders
        mv "$1" "$(dirname "$1")/.$(basename "$1")-wrapped"
        printf '#!/bin/sh\nPATH=%s:$PATH exec %s "$@"\n' "$5" "$(dirname "$1")/.$(basename "$1")-wrapped" >"$1"
        chmod +x "$1"
      }
      cp -r ${package.src} source
      chmod -R u+w source
      cd source
      cp -r ${modules} node_modules
      ${package.buildPhase}
      ${package.installPhase}
      ${package.postFixup}
    '';
in
import ../../nix/package.nix {
  lib = lib // {
    inherit fileset;
  };
  inherit buildNpmPackage;
  importNpmLock = {
    __functor = _: lock: lock;
    npmConfigHook = null;
  };
  makeWrapper = null;
  nodejs_22 = nodejs;
  python3 = null;
  coreutils = "/usr";
  systemd = "/usr";
  util-linux = "/usr";
}
