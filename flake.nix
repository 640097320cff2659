{
  description = "vigil, a guardian for machines with AI coding agents";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      forEach =
        make:
        lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
        ] (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = forEach (pkgs: rec {
        vigil = pkgs.callPackage ./nix/package.nix { };
        default = vigil;
      });

      overlays.default = final: _: { vigil = final.callPackage ./nix/package.nix { }; };

      nixosModules.default = {
        imports = [ ./module.nix ];
        nixpkgs.overlays = [ self.overlays.default ];
      };

      devShells = forEach (pkgs: {
        default = pkgs.mkShell {
          packages = with pkgs; [
            bpftrace
            gnumake
            nodejs_22
            python3
            shellcheck
            tmux
          ];
        };
      });

      checks = forEach (pkgs: {
        package = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
        # The module in every way a user would set it: all cases of test/nix/cases.nix, evaluated.
        module =
          let
            cases = import ./test/nix/eval.nix { inherit lib; };
          in
          pkgs.runCommand "vigil-module" { cases = builtins.toJSON cases; } ''echo "$cases" >$out'';
        machine = pkgs.testers.runNixOSTest (import ./nix/machine-test.nix { module = self.nixosModules.default; });
      });

      formatter = forEach (pkgs: pkgs.nixfmt);
    };
}
