# What module.nix makes of each case in cases.nix, as data. `lib` is that of nixpkgs; the rest of NixOS is played by
# the options below, so that no package is needed.
{ lib }:

let
  inherit (lib) mkOption types;
  fake = name: {
    type = "derivation";
    inherit name;
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    meta.mainProgram = name;
  };
  pkgs = {
    vigil = fake "vigil";
    bpftrace = fake "bpftrace";
    formats.toml = _: {
      type = types.attrsOf types.anything;
      generate = name: value: { inherit name value; };
    };
  };
  any =
    default:
    mkOption {
      type = types.anything;
      inherit default;
    };
  nixos = {
    options = {
      assertions = mkOption {
        type = types.listOf types.unspecified;
        default = [ ];
      };
      warnings = mkOption {
        type = types.listOf types.str;
        default = [ ];
      };
      lib = any { };
      boot.kernelPackages = any { };
      boot.kernelParams = any [ ];
      environment.etc = any { };
      environment.systemPackages = any [ ];
      system.requiredKernelConfig = any [ ];
      systemd.packages = any [ ];
      systemd.services = any { };
      users.groups = any { };
      users.users = any { };
    };
    config = {
      _module.args = { inherit pkgs; };
      lib.kernelConfig.isYes = name: name;
      boot.kernelPackages.kernel.version = lib.mkDefault "6.12.0";
      users.users.ann = { };
    };
  };
  evaluate =
    case:
    let
      inherit
        (lib.evalModules {
          modules = [
            ../../module.nix
            nixos
            case
          ];
        })
        config
        ;
    in
    {
      failed = map (one: one.message) (lib.filter (one: !one.assertion) config.assertions);
      inherit (config) warnings;
      etc = lib.attrNames config.environment.etc;
      settings = config.environment.etc."vigil/config.toml".source.value or null;
      packages = map (one: one.name) config.systemd.packages;
      service = config.systemd.services.vigil or null;
      members = config.users.groups.vigil.members or null;
      kernel = config.system.requiredKernelConfig;
    };
in
lib.mapAttrs (_: evaluate) (import ./cases.nix)
