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
    concatStringsSep
    elem
    filterAttrs
    mapAttrs
    mapAttrsRecursive
    mkDefault
    mkEnableOption
    mkIf
    mkMerge
    mkOption
    mkRenamedOptionModule
    optional
    subtractLists
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
  strangers = lib.filter (name: !(config.users.users ? ${name})) members;
  agents = subtractLists known cfg.processes;
  kernel = config.boot.kernelPackages.kernel.version;
  keyName = if cfg.ai.provider == "openai" then "OPENAI_API_KEY" else "ANTHROPIC_API_KEY";
  hasKey = cfg.ai.apiKeyFile != null || cfg.environmentFile != null;

  option =
    type: default: description:
    mkOption { inherit type default description; };
  # One that is not set unless somebody sets it.
  unset =
    example: description:
    option (types.nullOr types.str) null description // { inherit example; };
  names = types.listOf types.str;
  seconds = types.ints.between 0 86400;
  renamed = name: mkRenamedOptionModule [ "services" "ebpf-ai-monitor" name ] [ "services" "vigil" name ];
  must = assertion: message: { inherit assertion message; };
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

    package =
      option types.package (pkgs.vigil or (pkgs.callPackage ./nix/package.nix { }))
        "The package that provides vigil."
      // {
        defaultText = lib.literalExpression "pkgs.vigil";
      };

    user = unset "ann" "As {option}`services.vigil.users`, for one.";

    users =
      option names [ ] ''
        Who sees, and may end, the agents of everybody: members of the group `vigil`. All users' agents are
        watched and badges and popups go to each of them; that needs no entry here.
      ''
      // {
        example = [ "ann" ];
      };

    processes =
      option names [ ] ''
        Names of programs that are agents too. Those that vigil knows (${concatStringsSep ", " known}) may
        be named and need not be.
      ''
      // {
        example = [ "my-agent" ];
      };

    waitThreshold = option (types.ints.between 100 60000) 1000 ''
      Milliseconds that an agent which does not speak for itself must be quiet to count as waiting.
    '';

    logLevel = option (types.enum (
      [
        "trace"
        "debug"
        "info"
        "warn"
        "error"
        "fatal"
      ]
      ++ lib.attrNames levels
    )) "info" "The least important messages that are logged.";

    notifications = {
      enable = option types.bool true "Whether to show popups on the users' desktops.";
      minWorkSeconds = option seconds 10 "Turns with less work than this are not announced. Requests always are.";
      remindAfterSeconds = option seconds 0 "When to show a request again that nobody answered; 0: never.";
      quietHours = option types.str "" "Local time in which only requests are shown." // {
        example = "22:00-07:00";
      };
    };

    badges = {
      enable = option types.bool true "Whether to write badge files for bars and panels.";
      directory = option types.str "i3pm-badges" "Their folder, absolute or below `$XDG_RUNTIME_DIR`.";
    };

    ai = {
      enable = mkEnableOption "explanations by a model: what it is told leaves the machine";
      provider = option (types.enum [
        "anthropic"
        "openai"
      ]) "anthropic" "`openai` is any endpoint that speaks its chat completions.";
      model = unset "claude-haiku-5-5" "The model; null: vigil's default.";
      baseUrl = unset "http://127.0.0.1:11434/v1" "Address of the API; null: the provider's own.";
      apiKeyFile = unset "/run/secrets/anthropic" ''
        File with the key, a path outside the store; systemd hands it over as a credential, so only root need
        be able to read it.
      '';
    };

    settings =
      option (types.submodule { freeformType = toml.type; }) { } ''
        {file}`/etc/vigil/config.toml`, all keys of {manpage}`vigil(1)` and
        {file}`docs/configuration.md`. It wins over the options above.
      ''
      // {
        example = {
          thresholds.ram_warn_percent = 75;
          actions.mode = "suggest";
        };
      };

    environmentFile = unset "/run/secrets/vigil.env" ''
      File of `NAME=value` lines for the service's environment, for secrets that `settings` names.
    '';
  };

  config = mkIf cfg.enable {
    assertions = [
      (must (!cfg.ai.enable || hasKey || cfg.ai.baseUrl != null) ''
        services.vigil.ai.enable needs a key: set services.vigil.ai.apiKeyFile to a file that holds it, or
        services.vigil.environmentFile to one with ${keyName}=…, or services.vigil.ai.baseUrl to a model of
        your own that needs none.
      '')
      (must (!cfg.ai.enable || cfg.ai.provider != "openai" || cfg.ai.model != null || cfg.settings ? ai.model)
        ''services.vigil.ai.provider = "openai" needs services.vigil.ai.model: there is no default for it.''
      )
      (must (cfg.ai.apiKeyFile == null || !lib.hasPrefix builtins.storeDir cfg.ai.apiKeyFile) ''
        services.vigil.ai.apiKeyFile is in the Nix store, where everybody can read it. Give the path as a
        string, of a file that is not part of the configuration.
      '')
      (must (strangers == [ ]) ''
        services.vigil.users names ${concatStringsSep ", " strangers}, for whom there is no users.users entry.
      '')
      (must (lib.versionAtLeast kernel "5.8") ''
        services.vigil needs Linux 5.8 or later for eBPF; boot.kernelPackages is ${kernel}.
      '')
      (must (!elem "lockdown=confidentiality" config.boot.kernelParams) ''
        With lockdown=confidentiality in boot.kernelParams the kernel lets nobody load the programs that
        services.vigil sees with; lockdown=integrity is fine.
      '')
    ];

    system.requiredKernelConfig = map config.lib.kernelConfig.isYes [
      "BPF_SYSCALL"
      "BPF_EVENTS"
      "DEBUG_INFO_BTF"
    ];

    services.vigil.settings = mkMerge [
      (mapAttrsRecursive (_: mkDefault) {
        log_level = levels.${cfg.logLevel} or cfg.logLevel;
        sensor.bpftrace = lib.getExe pkgs.bpftrace;
        state.wait_threshold_ms = cfg.waitThreshold;
        notifications = {
          enabled = cfg.notifications.enable;
          min_work_seconds = cfg.notifications.minWorkSeconds;
          remind_after_s = cfg.notifications.remindAfterSeconds;
          quiet_hours = cfg.notifications.quietHours;
        };
        badges = {
          enabled = cfg.badges.enable;
          inherit (cfg.badges) directory;
        };
      })
      (mkIf (agents != [ ]) {
        agents = map (name: {
          inherit name;
          commands = [ name ];
        }) agents;
      })
      (mkIf cfg.ai.enable {
        ai = mapAttrs (_: mkDefault) (
          filterAttrs (_: value: value != null) {
            enabled = true;
            inherit (cfg.ai) provider model;
            base_url = cfg.ai.baseUrl;
            api_key_env = if hasKey then keyName else null;
          }
        );
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
