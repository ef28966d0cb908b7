"""The words for "the prompt is too long", of each provider and server that has its own.

A wording is listed with what it must not be mixed up with: limits of the *answer* (``max_tokens``), of a minute (tokens per
minute), and of other fields (a description that is too long) are told in nearly the same words. `tests/agent/models/
test_overflow_wordings.py` has a sentence for each.
"""

from __future__ import annotations

from agent.patterns import linear

OVERFLOW = linear(
    r"(?i)context_length_exceeded|exceed_context_size|context_?window_?exceeded|tokens_limit_reached"
    r"|maximum context length|max(?:imum)?_model_len|context (?:length|window|size) (?:is|of) only|available context size"
    r"|exceed\w*[^.]{0,60}context (?:length|window|size|limit)|context (?:length|window|size|limit)[^.]{0,60}exceed"
    r"|prompt is too long|prompt (?:\([^)]*\) )?is too long|input is too long|too many input tokens"
    r"|input (?:tokens|length) exceed|request_too_large|request too large"
    r"|larger than (?:the )?(?:model's )?context|exceeds? (?:the )?limit of \d+ tokens"
)
"""Whatever the status: Groq and OpenAI tell with 429 of a prompt that no minute's limit would ever take."""

OVERFLOW_UNLESS_LIMITED = linear(
    r"(?i)"
    # Gemini, Vertex, Copilot
    r"token count[^.\n]{0,60}(?:exceed|only supports)"
    # Mistral, xAI, DeepInfra, Zhipu, SambaNova
    r"|input should have at most \d+ tokens|maximum (?:supported )?(?:prompt|input|sequence) length"
    r"|prompt exceeds (?:the )?max|(?:input|prompt) length[^.\n]{0,40}exceed"
    # LM Studio, SGLang, llama.cpp
    r"|(?:greater|larger|longer|bigger|more) than (?:the )?[^.\n]{0,30}(?:context (?:length|window|size)|maximum model length)"
    r"|context (?:the )?overflow"
    # Cohere, watsonx, Bedrock, Doubao
    r"|tokens in the (?:prompt|input|messages?) (?:cannot|can't|can not|must not) exceed"
    r"|number of (?:input|prompt) tokens[^.\n]{0,40}exceed|tokens[^.\n]{0,40} exceed max message tokens"
    # Together, TGI
    r"|`?inputs`? tokens \+ `?max_new_tokens`? must|`inputs` must have (?:less|at most)"
    # Qwen, Kimi, Baidu
    r"|range of input length should be|exceed\w* (?:the )?model(?:'s)? token limit"
    r"|(?:prompt|input|messages?) tokens? (?:is |are )?too long"
    # OpenAI, GitHub Models, Cerebras
    r"|'messages\[\d+\]\.content[^.\n]{0,20} string too long|body too large[^\n]{0,60}max size"
    r"|reduce the length of (?:the |your )?(?:messages|prompt|input)|shorten (?:the |your )?(?:prompt|input|messages)"
    r"|supports at most \d+ (?:input|prompt) tokens"
)
"""Not with 429, where "too many tokens" are those of a minute."""
