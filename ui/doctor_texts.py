"""What the doctor says of each thing, in English and Chinese; errors keep their own words."""

CHECKS = {
    "home_free": ("{home}, {free:.0f} GB free", "{home}，剩余 {free:.0f} GB"),
    "free_space": (
        "Free some space, or set ARXIV_AGENT_HOME",
        "请清理磁盘空间，或设置 ARXIV_AGENT_HOME",
    ),
    "weights_at": ("{model} in {path}", "{model}，位于 {path}"),
    "no_weights": ("{model} is not on this machine yet", "本机还没有 {model}"),
    "run_setup": ("Run `arxiv-agent setup`", "请运行 `arxiv-agent setup`"),
    "run_by": (
        ", run by {engine} ({package}: {reason})",
        "，由 {engine} 运行（{package}：{reason}）",
    ),
    "only_quotes": ("none: answers only quote", "无：回答只引用原文"),
    "set_reader": ("Set ARXIV_AGENT_READER__MODEL", "请设置 ARXIV_AGENT_READER__MODEL"),
    "with_adapter": (", adapter {adapter}", "，适配器 {adapter}"),
    "base_model": (", base model (no adapter)", "，基础模型（无适配器）"),
    "readers_own": ("the reader's", "与阅读模型相同"),
    "server_silent": ("{url} does not answer: {error}", "{url} 没有回应：{error}"),
    "start_server": (
        "Start the server, or clear the base URL to use the embedded model",
        "请启动服务器，或清空地址以使用内置模型",
    ),
    "model_at": ("{model} at {url}", "{model}，位于 {url}"),
    "no_keywords": (
        ", no keyword search (needs Milvus 2.5)",
        "，没有关键词搜索（需要 Milvus 2.5）",
    ),
    "papers_in": ("{n:,} papers in {uri}, {model}", "{uri} 中有 {n:,} 篇论文，{model}"),
    "last_ingest": (", last ingest {date}", "，上次导入 {date}"),
    "full_texts": ("; full texts: {forms}", "；全文：{forms}"),
    "closed": (
        "{size:,.0f} MB in {folder}{last}; not open now",
        "{folder} 中 {size:,.0f} MB{last}；目前未打开",
    ),
    "no_library": ("there is none yet", "还没有文献库"),
    "isolated": (
        "{walls}; programs run isolated ({outcome}, {seconds:.1f} s)",
        "{walls}；程序在隔离环境中运行（{outcome}，{seconds:.1f} 秒）",
    ),
    "arxiv_unreached": ("{host} cannot be reached", "无法连接 {host}"),
    "check_network": ("Work offline, or check the network", "请离线使用，或检查网络"),
    "arxiv_status": ("{host} answers with status {status}", "{host} 返回状态 {status}"),
    "try_later": ("Try later", "请稍后再试"),
    "arxiv_answers": ("{host} answers", "{host} 有回应"),
}
