# The ways in which a configuration sets services.vigil.
{
  off = { };
  minimal.services.vigil.enable = true;
  seed.services.ebpf-ai-monitor = {
    enable = true;
    user = "ann";
    processes = [
      "claude"
      "codex"
      "my-agent"
    ];
    waitThreshold = 2000;
    logLevel = "WARNING";
  };
  full.services.vigil = {
    enable = true;
    users = [ "ann" ];
    logLevel = "debug";
    notifications = {
      minWorkSeconds = 30;
      remindAfterSeconds = 120;
      quietHours = "22:00-07:00";
    };
    badges.directory = "badges";
    ai = {
      enable = true;
      model = "claude-haiku-5-5";
      apiKeyFile = "/run/secrets/anthropic";
    };
    environmentFile = "/run/secrets/vigil.env";
    settings = {
      thresholds.ram_warn_percent = 75;
      webhooks = [
        {
          type = "ntfy";
          url_env = "NTFY_URL";
        }
      ];
    };
  };
  quiet.services.vigil = {
    enable = true;
    notifications.enable = false;
    badges.enable = false;
  };
  settingsWin.services.vigil = {
    enable = true;
    waitThreshold = 2000;
    settings.state.wait_threshold_ms = 3000;
    settings.sensor.bpftrace = "/opt/bpftrace";
  };
  ownModel.services.vigil = {
    enable = true;
    ai = {
      enable = true;
      provider = "openai";
      model = "qwen3";
      baseUrl = "http://127.0.0.1:11434/v1";
    };
  };
  noKey.services.vigil = {
    enable = true;
    ai.enable = true;
  };
  noModel.services.vigil = {
    enable = true;
    ai = {
      enable = true;
      provider = "openai";
      apiKeyFile = "/run/secrets/openai";
    };
  };
  keyInStore.services.vigil = {
    enable = true;
    ai = {
      enable = true;
      apiKeyFile = "/nix/store/00000000000000000000000000000000-key";
    };
  };
  unknownUser.services.vigil = {
    enable = true;
    user = "bob";
  };
  oldKernel = {
    services.vigil.enable = true;
    boot.kernelPackages.kernel.version = "5.4.1";
  };
  lockdown = {
    services.vigil.enable = true;
    boot.kernelParams = [ "lockdown=confidentiality" ];
  };
}
