"""Every text of the page in English and Chinese."""

import streamlit as st

LANGUAGES = {"auto": "Auto", "en": "English", "zh": "中文"}

_TEXTS = {
    # navigation and state
    "chat": ("Chat", "对话"),
    "library": ("Library", "文献库"),
    "paper": ("Paper", "论文"),
    "sessions": ("Conversations", "会话"),
    "settings": ("Settings", "设置"),
    "loading": ("Loading", "正在加载"),
    "loading_hint": ("You can ask already.", "可以先提问。"),
    "ready": ("Ready", "就绪"),
    "papers_in_library": ("{n} papers in the library", "文献库中有 {n} 篇论文"),
    "try_again": ("Try again", "重试"),
    "failed": ("This could not be done", "未能完成"),
    # chat
    "welcome": ("What would you like to know?", "你想了解什么？"),
    "welcome_hint": (
        "Answers come from papers on arXiv, each sentence with the quote it rests on.",
        "回答来自 arXiv 论文，每句话都附有原文引用。",
    ),
    "ask": ("Ask a question", "输入问题"),
    "ask_meanwhile": ("Ask the next question meanwhile", "可以先输入下一个问题"),
    "waits": ("Waits for the answer before it", "等待上一个回答"),
    "take_back": ("Take back", "撤回"),
    "new_chat": ("New conversation", "新会话"),
    "about_paper": ("About {title}", "关于 {title}"),
    "all_papers": ("Ask all papers", "不限论文"),
    "stop": ("Stop", "停止"),
    "stopping": ("Stopping, what there is will be kept …", "正在停止，已有内容会保留……"),
    "starting": ("starting", "启动"),
    "steps": ("{n} steps · {seconds} s", "{n} 个步骤 · {seconds} 秒"),
    "model": (
        "{model}, {calls} calls, {tokens} tokens",
        "{model}，{calls} 次调用，{tokens} 个词元",
    ),
    "waiting": ("waiting for arXiv {seconds} s ({reason})", "等待 arXiv {seconds} 秒（{reason}）"),
    "reading": ("reading {id}, p. {page} of {pages}", "阅读 {id}，第 {page}/{pages} 页"),
    "downloading": ("downloading {id}", "下载 {id}"),
    "fetched": ("{new} new papers from arXiv", "从 arXiv 取得 {new} 篇新论文"),
    "program_ran": ("program run {round}: {outcome}", "第 {round} 次运行：{outcome}"),
    "no_answer": ("The papers at hand do not answer this.", "现有论文没有回答这个问题。"),
    "unsupported": ("No source was found for this sentence", "这句话没有找到来源"),
    "quoted": ("A sentence of the source, word for word", "来源原句"),
    "rate": ("Was this answer helpful?", "回答有帮助吗？"),
    "next": ("Ask next", "继续提问"),
    "example_1": (
        "What is retrieval-augmented generation and why does it help?",
        "什么是检索增强生成，它有什么帮助？",
    ),
    "example_2": (
        "How does LoRA fine-tune a large language model with few parameters?",
        "LoRA 如何用少量参数微调大语言模型？",
    ),
    "example_3": (
        "Write a NumPy example of scaled dot-product attention",
        "用 NumPy 写一个缩放点积注意力的例子",
    ),
    "next_fetch": ("Get papers about “{query}” from arXiv", "从 arXiv 获取关于“{query}”的论文"),
    "next_method": ("What method does “{title}” use?", "“{title}”使用了什么方法？"),
    "next_results": ("What are the main results of “{title}”?", "“{title}”的主要结果是什么？"),
    "next_code": (
        "Write a program that shows the method of “{title}”",
        "写一个程序展示“{title}”的方法",
    ),
    # evidence
    "sources": ("Sources", "来源"),
    "source": ("Source [{key}]", "来源 [{key}]"),
    "nearest": (
        "Nearest papers, below the threshold: not sources",
        "最接近的论文，低于阈值：不是来源",
    ),
    "page": ("p. {page}", "第 {page} 页"),
    "abstract": ("Abstract", "摘要"),
    "starter": ("a summary in this project's own words", "本项目自己的摘要"),
    "similarity": ("similarity of sentence and quote {cosine}", "句子与引文的相似度 {cosine}"),
    "on_arxiv": ("Open on arXiv", "在 arXiv 打开"),
    "paper_page": ("Paper page", "论文页面"),
    "page_image": ("Page {page}, the quote is marked", "第 {page} 页，引文已标出"),
    "page_gone": ("The page cannot be shown: {why}", "无法显示该页：{why}"),
    "opening_page": ("Opening the page …", "正在打开该页……"),
    # code
    "code_passed": ("The program ran and its self-check held", "程序已运行，自检通过"),
    "code_incomplete": (
        "The program ran and its self-check held, but a requirement is not met",
        "程序已运行，自检通过，但有要求未满足",
    ),
    "code_failed": ("The program does not work", "程序未通过"),
    "code_not run": ("The program was not run", "程序未运行"),
    "self_check": ("{held} of {found} checks held", "{held}/{found} 项检查通过"),
    "cross_agrees": (
        "a second program, written without the paper, gives the same values",
        "另一个不看论文写成的程序给出相同的值",
    ),
    "cross_differs": (
        "a second program, written without the paper, gives other values: check the formulas",
        "另一个不看论文写成的程序给出不同的值：请核对公式",
    ),
    "repairs": ("{n}× repaired or written anew", "修复或重写 {n} 次"),
    "download_code": ("Download the program", "下载程序"),
    "output": ("Output of the run", "运行输出"),
    "no_output": ("The program printed nothing.", "程序没有输出。"),
    "requirements": ("Requirements", "要求"),
    "met": ("met, lines {first}–{last}", "满足，第 {first}–{last} 行"),
    "missed": ("not met", "未满足"),
    "unchecked": ("not checked", "未检查"),
    "run_again": ("Run again", "再次运行"),
    "edit_instruction": ("Edit the instruction", "编辑指令"),
    "write_again": ("Write the program again", "重新编写程序"),
    "missing_packages": ("Missing packages: {names}", "缺少的包：{names}"),
    "leaves_out": ("Left out", "未包含"),
    # library
    "add": ("Add papers", "添加论文"),
    "search": ("Search", "搜索"),
    "statistics": ("What is in it", "概览"),
    "search_library": ("Search the library", "搜索文献库"),
    "threshold": ("Cosine threshold", "余弦阈值"),
    "passing": ("{n} of the {all} nearest papers pass", "最接近的 {all} 篇中有 {n} 篇通过"),
    "category": ("Category", "类别"),
    "author": ("Author", "作者"),
    "years": ("Years", "年份"),
    "mode": ("Search mode", "搜索方式"),
    "below": ("Below the threshold", "低于阈值"),
    "count": ("Papers", "论文数"),
    "by_year": ("By year", "按年份"),
    "by_category": ("By category", "按类别"),
    "growth": ("Growth", "增长"),
    "from_pdf": ("From PDFs", "来自 PDF"),
    "from_starter": ("Starter summaries", "初始摘要"),
    "keywords": ("Keywords", "关键词"),
    "from_arxiv": ("From arXiv", "来自 arXiv"),
    "by_keywords": ("From arXiv by keywords", "按关键词从 arXiv 获取"),
    "by_id": ("By arXiv id or title", "按 arXiv 编号或标题"),
    "id_or_title": ("arXiv id or title", "arXiv 编号或标题"),
    "files": ("PDFs or metadata files", "PDF 或元数据文件"),
    "max_papers": ("Most papers", "最多论文数"),
    "newest": ("Newest first", "最新优先"),
    "with_pdfs": ("Download the PDFs too", "同时下载 PDF"),
    "get": ("Get papers", "获取"),
    "add_files": ("Add the files", "添加文件"),
    "working": ("Working …", "处理中……"),
    "ingested": (
        "{read} read: {new} new, {updated} updated, {unchanged} unchanged, {rejected} rejected",
        "读取 {read}：新增 {new}，更新 {updated}，未变 {unchanged}，拒绝 {rejected}",
    ),
    "rejects": ("Rejected records", "被拒绝的记录"),
    "rejected": ("{n} rejected: {reason}", "{n} 条被拒绝：{reason}"),
    "all_rejects": ("All of them: {file}", "全部：{file}"),
    # paper
    "choose_paper": ("arXiv id", "arXiv 编号"),
    "at_hand": ("PDFs at hand", "已有 PDF"),
    "not_in_library": ("The library has no paper {id}.", "文献库中没有 {id}。"),
    "get_paper": ("Get it from arXiv", "从 arXiv 获取"),
    "get_pdf": ("Get the PDF", "获取 PDF"),
    "pdf_pages": ("PDF pages", "PDF 页面"),
    "page_number": ("Page", "页"),
    "cite": ("Cite as BibTeX", "BibTeX 引用"),
    "ask_paper": ("Ask this paper", "询问这篇论文"),
    "code_paper": ("Code from this paper", "从这篇论文写代码"),
    "question": ("Question", "问题"),
    "what_code": ("What the program should show", "程序要展示什么"),
    "code_default": ("the main method of this paper", "这篇论文的主要方法"),
    "code_request": ("Write a program that shows {what}", "写一个程序展示{what}"),
    "delete": ("Delete", "删除"),
    "delete_paper": ("Delete this paper", "删除这篇论文"),
    "delete_sure": ("Delete for good", "确认删除"),
    "deleted": ("{what} was deleted.", "{what} 已删除。"),
    # sessions
    "no_sessions": ("No conversation yet.", "还没有会话。"),
    "find_session": ("Find a conversation by its title", "按标题查找会话"),
    "turns": ("Questions: {n} · {at}", "{n} 个问题 · {at}"),
    "resume": ("Resume", "继续"),
    "rename": ("Rename", "重命名"),
    "title": ("Title", "标题"),
    "save": ("Save", "保存"),
    "export": ("Export", "导出"),
    "as_markdown": ("Markdown with BibTeX", "Markdown（含 BibTeX）"),
    "as_json": ("JSON", "JSON"),
    # settings
    "language": ("Language of the page", "页面语言"),
    "reader": ("Reader model", "阅读模型"),
    "coder": ("Coder model", "代码模型"),
    "reader_server": ("Server of the reader", "阅读模型的服务器"),
    "coder_server": ("Server of the coder", "代码模型的服务器"),
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
    "saved_in": (
        "Kept in {file}; comments in that file are lost.",
        "保存在 {file}；文件中的注释会丢失。",
    ),
    "health": ("Health", "健康状况"),
    "check_now": ("Check now", "立即检查"),
    "ok": ("ok", "正常"),
    "warning": ("warning", "注意"),
    "problem": ("problem", "问题"),
}

_STEPS_ZH = {
    "plan": "规划",
    "search": "搜索",
    "find the paper": "查找论文",
    "read": "阅读",
    "answer": "核对论断",
    "rethink the query": "改写查询",
    "fetch from arXiv": "从 arXiv 获取",
    "reply": "回复",
    "summarise the conversation": "总结对话",
    "instruct": "制定指令",
    "write": "编写程序",
    "run": "运行",
    "repair": "修复",
    "review": "检查要求",
    "revise": "补充缺少的要求",
    "tools": "使用工具",
    "compare": "与另一程序比较",
}


def language() -> str:
    """The page's language, `en` or `zh`: the one set, else the browser's."""
    chosen = st.session_state.get("language", "auto")
    if chosen != "auto":
        return str(chosen)
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def say(name: str, **values: object) -> str:
    """A text of the page in its language, with `values` filled in. The values are not escaped."""
    return _TEXTS[name][language() == "zh"].format(**values)


def step_name(name: str) -> str:
    """The name of an agent's step in the page's language."""
    return _STEPS_ZH.get(name, name) if language() == "zh" else name
