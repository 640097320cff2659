# A NixOS machine with vigil, for `nix flake check`: it starts at boot, sees the kernel, and is restarted.
{ module }:
{
  name = "vigil";

  nodes.machine = {
    imports = [ module ];
    services.vigil.enable = true;
    services.vigil.user = "ann";
    users.users.ann.isNormalUser = true;
  };

  testScript = ''
    machine.wait_for_unit("vigil.service")
    machine.succeed("systemctl is-active ebpf-ai-monitor.service")
    machine.succeed("vigil health | grep -E 'fentry|tracepoint'")
    machine.succeed("id -nG ann | grep -w vigil")
    before = machine.succeed("systemctl show -P MainPID vigil")
    machine.succeed("systemctl kill --kill-whom=main -s KILL vigil")
    machine.wait_until_succeeds("systemctl is-active vigil")
    assert machine.succeed("systemctl show -P MainPID vigil") != before
    machine.succeed("systemd-analyze security --threshold=40 vigil")
  '';
}
