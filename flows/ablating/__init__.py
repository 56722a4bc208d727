"""What each part of the learned tail brings: trained again without it, and judged alike."""
