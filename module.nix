# NixOS: `services.vigil.enable = true;`. The unit is the one that the package ships for every system
# (share/systemd/vigil.service); what stands here comes on top of it.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib)
    mkDefault
    mkEnableOption
    mkIf
    mkMerge
    mkOption
    mkRenamedOptionModule
    optional
    types
    ;
  cfg = config.services.vigil;
  toml = pkgs.formats.toml { };
  configFile = toml.generate "vigil.toml" cfg.settings;

  # Programs that vigil knows by itself.
  known = [
    "aider"
    "amp"
    "claude"
    "codex"
    "copilot"
    "crush"
    "cursor-agent"
    "gemini"
    "goose"
    "opencode"
    "qwen"
  ];

  # The names of Python's logging, which the service had before it was vigil.
  levels = {
    DEBUG = "debug";
    INFO = "info";
    WARNING = "warn";
    ERROR = "error";
    CRITICAL = "fatal";
  };

  members = lib.unique (optional (cfg.user != null) cfg.user ++ cfg.users);
  keyName = if cfg.ai.provider == "openai" then "OPENAI_API_KEY" else "ANTHROPIC_API_KEY";

  renamed = option: mkRenamedOptionModule [ "services" "ebpf-ai-monitor" option ] [ "services" "vigil" option ];
in
{
  imports = map renamed [
    "enable"
    "user"
    "processes"
    "waitThreshold"
    "logLevel"
  ];

  options.services.vigil = {
    enable = mkEnableOption "vigil, a guardian for machines with AI coding agents";

    package = mkOption {
      type = types.package;
      default = pkgs.vigil or (pkgs.callPackage ./nix/package.nix { });
      defaultText = lib.literalExpression "pkgs.vigil";
      description = "The package that provides vigil.";
    };

    user = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "ann";
      description = "As {option}`services.vigil.users`, for one.";
    };

    users = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "ann" ];
      description = ''
        Who sees, and may end, the agents of everybody: members of the group `vigil`. All users' agents are
        watched and badges and popups go to each of them; that needs no entry here.
      '';
    };

    processes = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "my-agent" ];
      description = ''
        Names of programs that are agents too. Those that vigil knows (${lib.concatStringsSep ", " known}) may
        be named and need not be.
      '';
    };

    waitThreshold = mkOption {
      type = types.ints.between 100 60000;
      default = 1000;
      description = "Milliseconds that an agent which does not speak for itself must be quiet to count as waiting.";
    };

    logLevel = mkOption {
      type = types.enum (
        [
          "trace"
          "debug"
          "info"
          "warn"
          "error"
          "fatal"
        ]
        ++ lib.attrNames levels
      );
      default = "info";
      description = "The least important messages that are logged.";
    };

    notifications = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether to show popups on the users' desktops.";
      };
      minWorkSeconds = mkOption {
        type = types.ints.between 0 86400;
        default = 10;
        description = "Turns with less work than this are not announced. Requests always are.";
      };
      remindAfterSeconds = mkOption {
        type = types.ints.between 0 86400;
        default = 0;
        description = "When to show a request again that nobody answered; 0: never.";
      };
      quietHours = mkOption {
        type = types.str;
        default = "";
        example = "22:00-07:00";
        description = "Local time in which only requests are shown.";
      };
    };

    badges = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether to write badge files for bars and panels.";
      };
      directory = mkOption {
        type = types.str;
        default = "i3pm-badges";
        description = "Their folder, absolute or below `$XDG_RUNTIME_DIR`.";
      };
    };

    ai = {
      enable = mkEnableOption "explanations by a model: what it is told leaves the machine";
      provider = mkOption {
        type = types.enum [
          "anthropic"
          "openai"
        ];
        default = "anthropic";
        description = "`openai` is any endpoint that speaks its chat completions.";
      };
      model = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The model; null: vigil's default.";
      };
      baseUrl = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "http://127.0.0.1:11434/v1";
        description = "Address of the API; null: the provider's own.";
      };
      apiKeyFile = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "/run/secrets/anthropic";
        description = ''
          File with the key, a path outside the store; systemd hands it over as a credential, so only root need
          be able to read it.
        '';
      };
    };

    settings = mkOption {
      type = types.submodule { freeformType = toml.type; };
      default = { };
      example = {
        thresholds.ram_warn_percent = 75;
        actions.mode = "suggest";
      };
      description = ''
        {file}`/etc/vigil/config.toml`, all keys of {manpage}`vigil(1)` and
        {file}`docs/configuration.md`. It wins over the options above.
      '';
    };

    environmentFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/run/secrets/vigil.env";
      description = "File of `NAME=value` lines for the service's environment, for secrets that `settings` names.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = !cfg.ai.enable || cfg.ai.apiKeyFile != null || cfg.environmentFile != null || cfg.ai.baseUrl != null;
        message = ''
          services.vigil.ai.enable needs a key: set services.vigil.ai.apiKeyFile to a file that holds it, or
          services.vigil.environmentFile to one with ${keyName}=…, or services.vigil.ai.baseUrl to a model of
          your own that needs none.
        '';
      }
      {
        assertion = cfg.ai.provider != "openai" || !cfg.ai.enable || (cfg.ai.model != null || cfg.settings ? ai.model);
        message = ''services.vigil.ai.provider = "openai" needs services.vigil.ai.model: there is no default for it.'';
      }
      {
        assertion = cfg.ai.apiKeyFile == null || !lib.hasPrefix builtins.storeDir cfg.ai.apiKeyFile;
        message = ''
          services.vigil.ai.apiKeyFile is in the Nix store, where everybody can read it. Give the path as a
          string, of a file that is not part of the configuration.
        '';
      }
      {
        assertion = lib.all (name: config.users.users ? ${name}) members;
        message = ''
          services.vigil.users names ${
            lib.concatStringsSep ", " (lib.filter (name: !(config.users.users ? ${name})) members)
          }, for whom there is no users.users entry.
        '';
      }
      {
        assertion = lib.versionAtLeast config.boot.kernelPackages.kernel.version "5.8";
        message = ''
          services.vigil needs Linux 5.8 or later for eBPF; boot.kernelPackages is ${config.boot.kernelPackages.kernel.version}.
        '';
      }
      {
        assertion = !(lib.elem "lockdown=confidentiality" config.boot.kernelParams);
        message = ''
          With lockdown=confidentiality in boot.kernelParams the kernel lets nobody load the programs that
          services.vigil sees with; lockdown=integrity is fine.
        '';
      }
    ];

    system.requiredKernelConfig = map config.lib.kernelConfig.isYes [
      "BPF_SYSCALL"
      "BPF_EVENTS"
      "DEBUG_INFO_BTF"
    ];

    services.vigil.settings = mkMerge [
      {
        log_level = mkDefault (levels.${cfg.logLevel} or cfg.logLevel);
        sensor.bpftrace = mkDefault (lib.getExe pkgs.bpftrace);
        state.wait_threshold_ms = mkDefault cfg.waitThreshold;
        notifications = {
          enabled = mkDefault cfg.notifications.enable;
          min_work_seconds = mkDefault cfg.notifications.minWorkSeconds;
          remind_after_s = mkDefault cfg.notifications.remindAfterSeconds;
          quiet_hours = mkDefault cfg.notifications.quietHours;
        };
        badges = {
          enabled = mkDefault cfg.badges.enable;
          directory = mkDefault cfg.badges.directory;
        };
      }
      (mkIf (lib.subtractLists known cfg.processes != [ ]) {
        agents = map (name: {
          inherit name;
          commands = [ name ];
        }) (lib.subtractLists known cfg.processes);
      })
      (mkIf cfg.ai.enable {
        ai = {
          enabled = mkDefault true;
          provider = mkDefault cfg.ai.provider;
        }
        // lib.optionalAttrs (cfg.ai.model != null) { model = mkDefault cfg.ai.model; }
        // lib.optionalAttrs (cfg.ai.baseUrl != null) { base_url = mkDefault cfg.ai.baseUrl; }
        // lib.optionalAttrs (cfg.ai.apiKeyFile != null || cfg.environmentFile != null) {
          api_key_env = mkDefault keyName;
        };
      })
    ];

    users.groups.vigil.members = members;
    environment.systemPackages = [ cfg.package ];
    environment.etc."vigil/config.toml".source = configFile;

    systemd.packages = [ cfg.package ];
    systemd.services.vigil = {
      wantedBy = [ "multi-user.target" ];
      aliases = [ "ebpf-ai-monitor.service" ];
      restartTriggers = [ configFile ];
      serviceConfig = mkMerge [
        (mkIf (cfg.environmentFile != null) { EnvironmentFile = cfg.environmentFile; })
        (mkIf (cfg.ai.apiKeyFile != null) { LoadCredential = [ "${keyName}:${cfg.ai.apiKeyFile}" ]; })
      ];
    };
  };
}
