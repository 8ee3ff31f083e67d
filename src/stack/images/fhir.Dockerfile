# HAPI's own image has no shell and no program that could ask whether the server answers, so one is put beside it.
ARG HAPI_IMAGE_VERSION
FROM docker.io/library/eclipse-temurin:17-jdk AS probe
COPY images/Answers.java /probe/Answers.java
RUN javac --release 17 -d /probe /probe/Answers.java

FROM docker.io/hapiproject/hapi:${HAPI_IMAGE_VERSION}
COPY --from=probe /probe/Answers.class /probe/Answers.class
