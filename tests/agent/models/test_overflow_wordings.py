"""The sentences of current providers for "the prompt is too long", and those that only sound like it."""

from __future__ import annotations

import pytest

from agent.models.error_classification import Fault

TOO_LONG = {
    "gemini": "The input token count (1234567) exceeds the maximum number of tokens allowed (1048576).",
    "vertex": "The input token count is 40000 but model only supports up to 32768.",
    "mistral": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "mistral, checked": "Input should have at most 32768 tokens",
    "bedrock": "Input is too long for requested model.",
    "bedrock, streamed": "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input.",
    "xai": "This model's maximum prompt length is 131072 but the request contains 141000 tokens.",
    "lm studio": "Trying to keep the first 9000 tokens when context the overflows. The model is loaded with less.",
    "lm studio, keep": "The number of tokens to keep from the initial prompt is greater than the context length.",
    "llama.cpp": "the request exceeds the available context size. try increasing the context size or enable context shift",
    "cohere": "too many tokens: total number of tokens in the prompt cannot exceed 128000",
    "together": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 and 512",
    "tgi": "Input validation error: `inputs` must have less than 1024 tokens. Given: 3000",
    "deepinfra": "requested input length 40000 exceeds maximum input length 32768",
    "copilot": "prompt token count of 140000 exceeds the limit of 128000",
    "github models": "Request body too large for gpt-4o model. Max size: 8000 tokens.",
    "zhipu": "Prompt exceeds max length",
    "qwen": "Range of input length should be [1, 30720]",
    "minimax": "invalid params, context window exceeds limit",
    "kimi": "Invalid request: Your request exceeded model token limit: 131072",
    "doubao": "Total tokens of image and text exceed max message tokens.",
    "baidu": "prompt tokens too long",
    "watsonx": "the number of input tokens 9000 cannot exceed the total tokens limit 8192 for this model",
    "sglang": "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
    "sambanova": "The prompt is 9000 tokens long, but the maximum supported sequence length is just 8192!",
    "cerebras": "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
    "vllm": "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
    "ollama": "the prompt exceeds the context length: truncation disabled (n_ctx 4096)",
    "azure": "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
    "openai": "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "openai, one text": "Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576.",
    "fireworks": "The prompt is too long: 140000, model maximum context length: 131071",
    "anthropic": "prompt is too long: 208310 tokens > 200000 maximum",
    "anthropic, sum": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
    "litellm": "litellm.ContextWindowExceededError: the model has less",
}
ELSE = {
    "answer's limit, openai": (400, "max_tokens is too large: 100000. This model supports at most 16384 completion tokens."),
    "answer's limit, anthropic": (400, "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens"),
    "answer's limit, range": (400, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"),
    "answer's name": (400, "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."),
    "a description": (400, "Invalid 'tools[0].function.description': string too long. Expected a string of at most 1024."),
    "a name": (400, "Invalid 'user': string too long. Expected a string with maximum length 64."),
    "stops": (400, "stop sequences must not exceed 4"),
    "a number": (400, "n must be at most 128"),
    "a role": (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    "an image": (400, "The image exceeds the maximum size of 20 MB"),
    "a minute, anthropic": (429, "This request would exceed the rate limit of 30,000 input tokens per minute."),
    "a minute, bedrock": (429, "Too many tokens, please wait before trying again."),
    "a minute, openai": (429, "Rate limit reached on tokens per min (TPM): Limit 10000, Used 9500, Requested 900."),
    "a minute, gemini": (429, "Quota exceeded for metric: generate_content_free_tier_input_token_count, limit: 250000"),
    "a minute, words": (429, "Input token count exceeds what is left of this minute. Retry in 12s."),
    "a key": (401, "The context length of this key's plan is exceeded."),
    "a model": (404, "No endpoints found with this maximum context length"),
    "a server": (500, "Internal error: the queue exceeded its limit"),
}


@pytest.mark.parametrize("provider", TOO_LONG)
def test_a_prompt_too_long_is_understood(provider: str) -> None:
    words = TOO_LONG[provider]
    assert Fault(400, words, words).classify(with_tools=True) == "overflow"


@pytest.mark.parametrize("what", ELSE)
def test_what_only_sounds_like_it_is_not(what: str) -> None:
    status, words = ELSE[what]
    assert Fault(status, words, words).classify(with_tools=False) != "overflow"
