"""Who you are here, as the door proved it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from clearway.api.access import TheActor
from clearway.api.envelope import answer
from clearway.api.problems import RESPONSES

router = APIRouter(prefix="/v1", tags=["identity"], responses=RESPONSES)


@router.get("/me")
async def me(actor: TheActor) -> Response:
    """Return your account: agency, roles, party and whom you may represent."""
    return answer(
        {
            "id": actor.id,
            "kind": actor.kind,
            "name": actor.name,
            "agency": actor.agency,
            "roles": sorted(actor.roles),
            "party": actor.party,
            "represents": sorted(actor.represents),
        }
    )
