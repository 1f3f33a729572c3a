"""Sentences that stand on a button or in a form have less room than a message."""

from collections.abc import Mapping

_BUTTON = 80
_FORM_TITLE = 45
_FIELD_LABEL = 45
_FIELD_HINT = 100
_PAGE_TITLE = 45
"""What ``{title}`` may take up inside a button."""

_BUTTONS = (
    "admit", "agree_and_begin", "also_live_with_this", "carry_on_links", "change_links", "change_my_answers",
    "change_sentence", "check_and_send", "check_recorded", "confirm_and_send", "continue",
    "decline", "delete_and_leave", "help_button", "keep_on_hold", "more_time", "no_reminders",
    "open_again", "open_code", "open_file",
    "open_next", "open_task",
    "redirect", "send", "send_decision", "start_again", "take_back", "take_back_now", "talk_to_person",
    "ask_question", "ask_send", "question_reply", "join_talk", "end_talk",
    "my_data", "rights_download", "rights_correct", "rights_take_back_consent", "rights_delete",
    "rights_keep_links", "rights_delete_all", "rights_consent_now", "rights_cancel",
    "look_again", "look_at_decision", "outside_begin", "outside_go_on", "outside_tell_links",
    "remind_me", "show_queue", "task_seen", "try_again", "where_i_stand", "write_down",
)  # fmt: skip

_CONCERN_BUTTONS = (
    "concern_follow", "concern_add", "concern_answer", "concern_take_back", "concern_take_back_now",
    "concern_keep_it", "concern_open_person", "concern_note", "concern_ask", "concern_show", "concern_close",
    "concern_ended_acted", "concern_ended_talked", "concern_ended_explained", "concern_ended_not_found",
    "pattern_seen", "pattern_show",
)  # fmt: skip

LIMITS: Mapping[str, int] = {
    **dict.fromkeys((*_BUTTONS, *_CONCERN_BUTTONS), _BUTTON),
    **dict.fromkeys(("concern_title", "concern_add_title", "concern_note_title"), _FORM_TITLE),
    "concern_ask_title": _FORM_TITLE,
    **dict.fromkeys(("concern_kind_label", "concern_text_label", "concern_who_label"), _FIELD_LABEL),
    **dict.fromkeys(("concern_keep_label", "concern_add_label", "concern_note_label"), _FIELD_LABEL),
    "concern_ask_label": _FIELD_LABEL,
    "concern_text_hint": _FIELD_HINT,
    "concern_who_hint": _FIELD_HINT,
    **dict.fromkeys(("concern_keep_link", "concern_keep_excerpt"), _FIELD_HINT),
    "change_page": _BUTTON - _PAGE_TITLE,
    "take_out": _BUTTON - _PAGE_TITLE,
    "decline_title": _FORM_TITLE,
    "redirect_title": _FORM_TITLE,
    "sentence_title": _FORM_TITLE,
    "ask_title": _FORM_TITLE,
    "reply_title": _FORM_TITLE,
    "ask_ready_label": _FIELD_LABEL,
    "ask_text_label": _FIELD_LABEL,
    "reply_label": _FIELD_LABEL,
    "ask_text_hint": _FIELD_HINT,
    "ask_text_hint_own": _FIELD_HINT,
    "reply_hint": _FIELD_HINT,
    "reason_label": _FIELD_LABEL,
    "sentence_label": _FIELD_LABEL,
    "sentence_hint": _FIELD_HINT,
    "sentence_hint_optional": _FIELD_HINT,
}
"""The most characters of a sentence by key, where it is fewer than a message takes."""
