"""Embeddings over HTTP as a team writes them in an afternoon: FastAPI over onnxruntime, a run for each request."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from fastapi.responses import Response
from orjson import OPT_SERIALIZE_NUMPY, dumps
from pydantic import BaseModel
from tokenizers import Tokenizer

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ["THREADS"])
session = onnxruntime.InferenceSession(os.environ["GRAPH"], options, providers=["CPUExecutionProvider"])
tokenizer = Tokenizer.from_file(os.environ["TOKENIZER"])
tokenizer.enable_truncation(256)
tokenizer.enable_padding()
app = FastAPI()


class Body(BaseModel):
    model: str
    input: str | list[str]


@app.get("/health")
def health():
    return {}


@app.post("/v1/embeddings")
def embeddings(body: Body):
    texts = [body.input] if isinstance(body.input, str) else body.input
    rows = tokenizer.encode_batch(texts)
    feeds = {
        "input_ids": np.array([row.ids for row in rows], np.int32),
        "attention_mask": np.array([row.attention_mask for row in rows], np.int32),
        "token_type_ids": np.array([row.type_ids for row in rows], np.int32),
    }
    (vectors,) = session.run(["sentence_embedding"], feeds)
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    tokens = int(feeds["attention_mask"].sum())
    answer = {"object": "list", "data": data, "model": body.model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return Response(dumps(answer, option=OPT_SERIALIZE_NUMPY), media_type="application/json")
