"""Texts of the settings page and of the program's health, in English and Chinese."""

SETTINGS = {
    "language": ("Language of the page", "页面语言"),
    "reader": ("Reader model", "阅读模型"),
    "coder": ("Coder model", "代码模型"),
    "reader_server": ("Server of the reader", "阅读模型的服务器"),
    "coder_server": ("Server of the coder", "代码模型的服务器"),
    "reader_key": ("Key of the reader's server", "阅读模型服务器的密钥"),
    "coder_key": ("Key of the coder's server", "代码模型服务器的密钥"),
    "key_kept": ("a key is kept; type another to replace it", "已保存密钥；输入新密钥可替换"),
    "no_key": ("empty: none", "留空：不使用"),
    "key_goes": (
        "A kept key goes when its server's address changes: type it again with the new address.",
        "更改服务器地址时，已保存的密钥会被删除：请与新地址一起重新输入。",
    ),
    "embedded": (
        "empty: on this machine; else any OpenAI protocol",
        "留空：本机；或任何 OpenAI 协议地址",
    ),
    "same_model": ("empty: the reader's", "留空：与阅读模型相同"),
    "adapter": ("LoRA adapter of the coder", "代码模型的 LoRA 适配器"),
    "no_adapter": ("empty: none", "留空：不使用"),
    "models": ("Models", "模型"),
    "answering": ("Answering", "回答"),
    "top_k": ("Papers an answer may rest on", "回答最多依据的论文数"),
    "rounds": ("Searches for one question", "每个问题的搜索次数"),
    "from_environment": ("Set by the environment, which wins", "由环境变量设定，优先生效"),
    "saved": ("Saved.", "已保存。"),
    "saved_in": ("Kept in {file}", "保存在 {file}"),
    "health": ("Health", "健康状况"),
    "check packages": ("packages", "软件包"),
    "check data folder": ("data folder", "数据文件夹"),
    "check embedding model": ("embedding model", "嵌入模型"),
    "check reader model": ("reader model", "阅读模型"),
    "check coder model": ("coder model", "代码模型"),
    "check library": ("library", "文献库"),
    "check sandbox": ("sandbox", "沙箱"),
    "check arXiv": ("arXiv", "arXiv"),
    "test_connection": ("Test connection", "测试连接"),
    "no_server": ("No server is typed: the embedded model reads.", "未填写服务器：使用内置模型。"),
    "server_answers": ("{model} at {url} answers.", "{url} 的 {model} 已应答。"),
    "no_model_name": (
        "Type the name that the model has on this server.",
        "请填写该模型在此服务器上的名称。",
    ),
    "model_server": ("Set up a model server", "设置模型服务器"),
    "choose_server": (
        "Choose one: its address is filled in below",
        "选择一个：其地址会填入下方",
    ),
    "server_hosted": ("OpenAI, or another provider", "OpenAI 或其他服务商"),
    "server_embedded": ("This machine: the embedded model", "本机：内置模型"),
    "hint_ollama": (
        "Start Ollama and get a model, such as with “ollama pull qwen2.5:7b”. Its name is the one that "
        "“ollama list” shows. No key is needed.",
        "启动 Ollama 并下载模型，例如“ollama pull qwen2.5:7b”。模型名称以“ollama list”所示为准。无需密钥。",
    ),
    "hint_vllm": (
        "Start it with “vllm serve NAME”. The model's name is that NAME, or what --served-model-name says. "
        "A key only if it was started with --api-key.",
        "用“vllm serve 名称”启动。模型名称即该名称，或 --served-model-name 所指定的名称。"
        "仅当以 --api-key 启动时才需要密钥。",
    ),
    "hint_llama_cpp": (
        "Start it with “llama-server -m FILE.gguf”. It serves this one model under any name. A key only if it "
        "was started with --api-key.",
        "用“llama-server -m 文件.gguf”启动。它只提供这一个模型，名称任意。仅当以 --api-key 启动时才需要密钥。",
    ),
    "hint_hosted": (
        "For another provider that speaks OpenAI's protocol type its address instead. The model's name is the "
        "provider's; type your key. Questions and excerpts of papers then go to the provider.",
        "若使用其他兼容 OpenAI 协议的服务商，请改填其地址。模型名称以服务商为准；请填写密钥。"
        "问题和论文摘录将发送给该服务商。",
    ),
    "hint_embedded": (
        "The program's own model reads on this machine. Nothing leaves it.",
        "由程序自带的模型在本机阅读，数据不会离开本机。",
    ),
    "check_now": ("Check now", "立即检查"),
    "ok": ("ok", "正常"),
    "warning": ("warning", "注意"),
    "problem": ("problem", "问题"),
}
