"""Clients of the official OpenAI SDK, for OpenAI itself and for servers that speak like it."""

from functools import lru_cache

from openai import OpenAI

from engine.llm import Credential
from engine.providers.answering import listed
from engine.providers.failures import Asked
from engine.providers.wire import http_client


@lru_cache(maxsize=64)
def client(credential: Credential) -> OpenAI:
    """The client of one key at one address, whatever the SDK's environment variables say. All share connections."""
    key = credential.api_key.reveal()
    headers = {"Authorization": f"Bearer {key}"}
    if credential.source == "local":
        headers["Connection"] = "close"  # llama.cpp closes one in five kept connections under the next request
    made = OpenAI(
        api_key=key,
        base_url=credential.base_url,
        default_headers=headers,
        max_retries=0,
        timeout=None,
        http_client=http_client(),
    )
    made.organization = made.project = None
    return made


def model_ids(credential: Credential, asked: Asked) -> list[str]:
    """The ids of the models that a key sees."""
    return listed(asked, lambda: [model.id for model in client(credential).models.list().data])
