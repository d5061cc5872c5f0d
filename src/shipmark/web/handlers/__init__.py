"""Handlers of pages: a module per page or group of pages."""

from litestar import Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from shipmark.infrastructure.errors import Refusal
from shipmark.web.csrf import require_own_page
from shipmark.web.error_pages import failure_page, http_page, refusal_page
from shipmark.web.handlers import (
    account,
    account_avatar,
    account_tokens,
    attachments,
    avatars,
    bulk_releases,
    delivery,
    documentation,
    getting_started,
    invitations,
    issue_list,
    issues,
    live,
    new_release,
    preferences,
    release_actions,
    release_notes,
    releases,
    search,
    settings,
    sign_in,
    single_sign_on,
    static,
    timeline,
    verdicts,
)
from shipmark.web.request_context import provide_web_request
from shipmark.web.session_use import record_noted

#: Forms hold a few short fields.
_BODY_MAX_BYTES = 64 * 1024

router = Router(
    "/",
    route_handlers=[
        sign_in.go_home,
        sign_in.show_form,
        sign_in.sign_in,
        sign_in.sign_out,
        single_sign_on.begin,
        single_sign_on.complete,
        invitations.show_invitation,
        invitations.accept_invitation,
        releases.go_to_releases,
        releases.list_releases,
        releases.show_release,
        releases.compare_releases,
        releases.list_artifacts,
        release_actions.change_release,
        release_actions.show_release_form,
        release_actions.edit_release,
        release_actions.confirm_deletion,
        release_actions.delete_release,
        release_notes.get_release_notes,
        issue_list.list_issues,
        issue_list.change_issues,
        bulk_releases.change_releases,
        new_release.show_new_release,
        new_release.create_release,
        timeline.show_timeline,
        delivery.show_delivery,
        verdicts.show_verdict_rules,
        live.follow_changes,
        getting_started.show_guide,
        getting_started.create_token,
        issues.show_issue,
        issues.change_issue,
        attachments.get_attachment,
        attachments.change_attachment,
        search.show_results,
        preferences.set_theme,
        preferences.set_time_zone,
        preferences.set_single_keys,
        preferences.show_keys,
        account.show_account,
        account.change_account,
        *account_avatar.handlers,
        *account_tokens.handlers,
        *settings.handlers,
        documentation.show_documentation,
        documentation.show_subject,
        static.get_file,
        *avatars.show_photos,
        avatars.show_letters,
    ],
    dependencies={"web_request": Provide(provide_web_request)},
    guards=[require_own_page],
    after_response=record_noted,
    exception_handlers={Refusal: refusal_page, HTTPException: http_page, Exception: failure_page},
    request_max_body_size=_BODY_MAX_BYTES,
    include_in_schema=False,
)
