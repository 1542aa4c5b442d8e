"""A wrong stack file is refused before any resource, with the command that mends it."""

import pytest

from ballast.settings import SettingsError, load_settings

DOKS = {
    "ballast:kind": "doks",
    "ballast:region": "fra1",
    "ballast:kubernetesVersion": "1.34.1-do.0",
    "ballast:nodeSize": "s-4vcpu-8gb",
    "ballast:operatorCidrs": '["203.0.113.0/24"]',
    "ballast:vaultSeal": '{"type": "transit"}',
}


def refusal(stack: str, config: dict[str, str]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(stack, config)
    return caught.value


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in DOKS.items() if name != key}


def test_a_missing_region_is_named_with_an_example() -> None:
    error = refusal("doks", without("ballast:region"))
    assert str(error) == "stack 'doks' has no region; set ballast:region, for example fra1"
    assert error.fix == "pulumi config set ballast:region fra1 -s doks"


def test_a_misspelt_key_is_refused_with_the_likely_one() -> None:
    error = refusal("doks", DOKS | {"ballast:regoin": "fra1"})
    assert "ballast:regoin" in str(error)
    assert "did you mean ballast:region?" in error.fix


def test_a_key_of_another_cloud_is_refused() -> None:
    assert "ballast:location" in str(refusal("doks", DOKS | {"ballast:location": "westeurope"}))


def test_an_unknown_kind_lists_the_known_ones() -> None:
    error = refusal("prod", {"ballast:kind": "eks"})
    assert "'eks'" in str(error)
    assert "embedded, minikube, doks, gke, aks" in error.fix


def test_a_stack_named_after_a_kind_needs_no_kind() -> None:
    assert load_settings("embedded", {}).kind == "embedded"


def test_a_stack_of_any_other_name_must_say_its_kind() -> None:
    assert "'customer-7'" in str(refusal("customer-7", {}))


def test_a_number_that_is_none_is_shown_with_its_key() -> None:
    error = refusal("minikube", {"ballast:cpus": "many"})
    assert "ballast:cpus to 'many'" in str(error)
    assert error.fix == "set ballast:cpus, for example 4"


def test_too_small_a_minikube_is_refused() -> None:
    assert "ballast:memoryMib" in str(refusal("minikube", {"ballast:memoryMib": "2048"}))


def test_passwords_have_no_generation_before_the_first() -> None:
    error = refusal("minikube", {"ballast:brokerPasswordGeneration": "0"})
    assert "ballast:brokerPasswordGeneration" in str(error)


def test_another_kubernetes_minor_is_refused() -> None:
    error = refusal("doks", DOKS | {"ballast:kubernetesVersion": "1.27.4"})
    assert "ballast:kubernetesVersion" in str(error)


def test_an_unknown_environment_is_refused() -> None:
    assert "ballast:environments" in str(
        refusal("embedded", {"ballast:environments": '["dev", "qa"]'})
    )


def test_a_cloud_without_a_vault_seal_is_refused() -> None:
    assert "set ballast:vaultSeal" in str(refusal("doks", without("ballast:vaultSeal")))


def test_a_list_that_is_not_json_is_refused() -> None:
    assert "ballast:operatorCidrs" in str(
        refusal("doks", DOKS | {"ballast:operatorCidrs": "203.0.113.0/24"})
    )


def test_broken_json_is_refused_with_its_key() -> None:
    error = refusal("doks", DOKS | {"ballast:operatorCidrs": '["203.0.113.0/24"'})
    assert "ballast:operatorCidrs" in str(error)


def test_keys_of_other_projects_are_left_alone() -> None:
    assert load_settings("embedded", {"kubernetes:context": "x"}).kind == "embedded"
