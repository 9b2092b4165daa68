// A card of the backlog ([data-campaign]) can be dragged into an open slot ([data-slot]); form#drop is sent then.
// It is an extra: the Place button and the list of open slots do the same without a pointer.

const form = document.getElementById("drop");

if (form) {
  for (const card of document.querySelectorAll("[data-campaign]")) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData("text/plain", card.dataset.campaign);
      event.dataTransfer.effectAllowed = "move";
      document.querySelector(".cal")?.classList.add("drag");
    });
    card.addEventListener("dragend", () => document.querySelector(".cal")?.classList.remove("drag"));
  }
  for (const slot of document.querySelectorAll("[data-slot]")) {
    slot.addEventListener("dragover", (event) => {
      event.preventDefault();
      slot.classList.add("over");
    });
    slot.addEventListener("dragleave", () => slot.classList.remove("over"));
    slot.addEventListener("drop", (event) => {
      event.preventDefault();
      const campaign = event.dataTransfer.getData("text/plain");
      if (!/^\d+$/.test(campaign)) return;
      form.elements.slot.value = slot.dataset.slot;
      form.elements.campaign.value = campaign;
      form.submit();
    });
  }
}
